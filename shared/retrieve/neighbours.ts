// Words of German and English as well, which tell nothing.
const COMMON: ReadonlySet<string> = new Set(['a', 'in', 'is', 'an', 'so', 'war', 'was'])

/**
 * Function words of languages that share some with German or English: French, Spanish, Italian, Portuguese, Dutch, Danish
 * and Norwegian, Swedish, Polish, Czech, Turkish, Finnish, Hungarian, Romanian, Latin.
 */
export const NEIGHBOURS: readonly ReadonlySet<string>[] = [
  `le la les un une des du de et est sont dans pour par sur avec au aux ce cette ces que qui ne pas plus se son sa ses il elle nous vous
  ils leur ou où à en d l qu n s été être avoir a ont`,
  `el la los las un una de del y es son en para por con que no se su sus al lo como más este esta o ha han fue ser entre sobre sin tres`,
  `il lo la i gli le un una di del della dei delle e è sono in per con che non si da dal al alla nel nella come più questo questa o ha ogni essere`,
  `o a os as um uma de do da dos das e é são em no na nos nas para por com que não se seu sua ao mais ou foi ser este esta`,
  `de het een van en is op te dat niet zijn met voor er maar wordt worden door ook naar bij als die der aan in om dit deze of uit tot heeft`,
  `den det en et og er at som på med for af av til ikke de har vi kan fra om eller ved var blir bliver ikke jeg sin senest forud`,
  `den det en ett och är att som på med för av till inte de har vi kan från om eller vid var blir sin senast i`,
  `i w z na do nie się że jest od po za o oraz lub jak dla przez przy to co który która tym ten ta a u są był lokal`,
  `a v z na do ne se že je od po za o nebo jak pro při to co který která tím ten ta u jsou byl k s i`,
  `ve bir bu için ile da de olan olarak her daha en gibi kadar sonra veya ne çok ise üç süre göre`,
  `ja on ei se että oli ovat kun niin kuin mutta tai joka sen hän voi myös ole olla kuukauden ennen alussa`,
  `a az és hogy nem egy is van volt de ez meg el minden csak vagy ki be első`,
  `și de la în cu pe un o nu este sunt care din pentru mai ca sau al ale a se fi cel`,
  `et in est non ad ut cum de ex qui quae quod sed si aut per ab omnis divisa tres unam sit amet ipsum dolor elit do eiusmod`,
].map(words => new Set(words.split(/\s+/).filter(word => !COMMON.has(word))))
