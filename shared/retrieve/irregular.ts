import type { Language } from '../model/index.ts'
import { stemWord } from './stem.ts'

/**
 * Strong and irregular forms that no suffix rule joins: one verb (or noun) a line, as in any grammar's table. Used when a question is
 * planned, not in the index: "Wann starb …" finds "gestorben".
 */
const german = `
beginnen beginnt begann begonnen Beginn
beißen biss gebissen
bergen birgt barg geborgen
bersten birst barst geborsten
biegen bog gebogen
bieten bot geboten Gebot Angebot
binden band gebunden Bindung
bitten bat gebeten Bitte
blasen bläst blies geblasen
bleiben blieb geblieben
braten brät briet gebraten
brechen bricht brach gebrochen Bruch
brennen brannte gebrannt Brand
bringen brachte gebracht
denken dachte gedacht
dringen drang gedrungen
empfangen empfängt empfing Empfang
empfehlen empfiehlt empfahl empfohlen Empfehlung
empfinden empfand empfunden
essen isst aß gegessen
fahren fährt fuhr gefahren Fahrt
fallen fällt fiel gefallen Fall
fangen fängt fing gefangen Fang
finden fand gefunden Fund
fliegen flog geflogen Flug
fliehen floh geflohen Flucht
fließen floss geflossen Fluss
fressen frisst fraß gefressen
frieren fror gefroren
gebären gebar geboren Geburt
geben gibt gab gegeben Gabe
gehen geht ging gegangen Gang
gelingen gelang gelungen
gelten gilt galt gegolten Geltung
genießen genoss genossen
geschehen geschieht geschah
gewinnen gewann gewonnen Gewinn
gießen goss gegossen
gleichen glich geglichen
graben gräbt grub gegraben
greifen griff gegriffen Griff
halten hält hielt gehalten
hängen hing gehangen
heben hob gehoben
heißen hieß geheißen
helfen hilft half geholfen Hilfe
kennen kannte gekannt Kenntnis
klingen klang geklungen Klang
kommen kam gekommen Kunft
kriechen kroch gekrochen
laden lädt lud geladen Ladung
laufen läuft lief gelaufen Lauf
leiden litt gelitten
leihen lieh geliehen
lesen liest las gelesen
liegen lag gelegen Lage
lügen log gelogen
messen misst maß gemessen Messung
nehmen nimmt nahm genommen Nahme
nennen nannte genannt Nennung
pfeifen pfiff gepfiffen
raten rät riet geraten Rat
reißen riss gerissen
reiten ritt geritten
rennen rannte gerannt
rufen rief gerufen Ruf
saufen soff gesoffen
schaffen schuf geschaffen Schaffung
scheiden schied geschieden
scheinen schien geschienen
schieben schob geschoben
schießen schoss geschossen Schuss
schlafen schläft schlief geschlafen Schlaf
schlagen schlägt schlug geschlagen Schlag
schließen schloss geschlossen Schluss
schmelzen schmilzt schmolz geschmolzen
schneiden schnitt geschnitten Schnitt
schreiben schrieb geschrieben Schrift
schreiten schritt geschritten
schweigen schwieg geschwiegen
schwimmen schwamm geschwommen
schwinden schwand geschwunden
schwingen schwang geschwungen
schwören schwor geschworen
sehen sieht sah gesehen Sicht
senden sandte gesandt Sendung
singen sang gesungen
sinken sank gesunken
sitzen saß gesessen Sitz
sprechen spricht sprach gesprochen Sprache
springen sprang gesprungen Sprung
stechen sticht stach gestochen
stehen steht stand gestanden
stehlen stiehlt stahl gestohlen
steigen stieg gestiegen Stieg
sterben stirbt starb gestorben Tod tot
stoßen stößt stieß gestoßen
streichen strich gestrichen
streiten stritt gestritten Streit
tragen trägt trug getragen
treffen trifft traf getroffen
treiben trieb getrieben
treten tritt trat getreten
trinken trank getrunken
verderben verdirbt verdarb verdorben
vergessen vergisst vergaß
verlieren verlor verloren Verlust
wachsen wächst wuchs gewachsen
waschen wäscht wusch
weisen wies gewiesen
wenden wandte gewandt Wendung
werben wirbt warb geworben
werfen wirft warf geworfen Wurf
wiegen wog gewogen Gewicht
winden wand gewunden
wissen weiß wusste gewusst
ziehen zog gezogen Zug
zwingen zwang gezwungen Zwang
hoch hohe hoher hohen höher höchste Höhe
groß größer größte Größe
nah näher nächste Nähe
lang länger längste Länge
alt älter älteste Alter
breit Breite
tief Tiefe
schwer Gewicht
leben lebt lebte Leben
`
const english = `
arise arose arisen
bear bore born borne birth
beat beaten
become became
begin began begun beginning
bend bent
bind bound
blow blew blown
break broke broken
breed bred
bring brought
build built
buy bought
catch caught
choose chose chosen choice
come came
deal dealt
die dies died dying death dead
dig dug
draw drew drawn
drink drank drunk
drive drove driven
eat ate eaten
fall fell fallen
feed fed food
feel felt
fight fought
find found
fly flew flown flight
forget forgot forgotten
freeze froze frozen
get got gotten
give gave given
go goes went gone
grow grew grown growth
hang hung
hear heard
hide hid hidden
hold held
keep kept
know knew known knowledge
lay laid
lead led
leave left
lend lent
lie lay lain
lose lost loss
make made
mean meant
meet met
pay paid
prove proven proof
ride rode ridden
ring rang rung
rise rose risen
run ran
say said
see saw seen
seek sought
sell sold sale
send sent
shake shook shaken
shine shone
shoot shot
show shown
sing sang sung
sink sank sunk
sit sat
sleep slept
speak spoke spoken speech
spend spent
spread
spring sprang sprung
stand stood
steal stole stolen
strike struck stricken
swear swore sworn
swim swam swum
take took taken
teach taught
tear tore torn
tell told
think thought
throw threw thrown
understand understood
wake woke woken
wear wore worn
win won winner
write wrote written writing
man men
woman women
child children
person people
foot feet
tooth teeth
mouse mice
high height
long length
wide width
deep depth
strong strength
hot heat
old age
`

/** Numbers as words, both ways. */
const numbers = {
  de: `null eins|ein|eine zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig`,
  en: `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty`,
}
/** Verb prefixes that join a strong verb; the separable ones take -ge- in the participle ("aufnehmen, aufgenommen"). */
const inseparable = ['be', 'ent', 'er', 'ge', 'ver', 'zer', 'miss', 'wider', 'hinter']
const separable =
  'ab an auf aus bei dar durch ein fest fort frei her hin los mit nach statt teil uber um unter voll vor weg weiter wieder zu zuruck zusammen'.split(
    ' ',
  )

function families(list: string, language: 'de' | 'en'): Map<string, string[]> {
  const index = new Map<string, string[]>()
  for (const line of list.trim().split('\n')) {
    const stems = [...new Set(line.split(' ').map(word => stemWord(word, language)))]
    for (const stem of stems) index.set(stem, [...(index.get(stem) ?? []), ...stems.filter(other => other !== stem)])
  }
  return index
}

function numberWords(list: string, language: 'de' | 'en'): Map<string, string[]> {
  const index = new Map<string, string[]>()
  for (const [value, entry] of list.split(' ').entries()) {
    const stems = entry.split('|').map(word => stemWord(word, language))
    index.set(String(value), stems.slice(0, 1))
    for (const stem of stems) index.set(stem, [String(value)])
  }
  return index
}

// Computed once, with the first question: constants in a form that reads like the grammar they come from.
const irregular = { de: once(() => families(german, 'de')), en: once(() => families(english, 'en')) }
const spelled = { de: once(() => numberWords(numbers.de, 'de')), en: once(() => numberWords(numbers.en, 'en')) }

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Other terms of the same word: irregular forms, and numbers spelled out or in digits. */
export function relatedForms(term: string, language: Language): string[] {
  if (language === 'other') return []
  const direct = [...(spelled[language]().get(term) ?? []), ...(irregular[language]().get(term) ?? [])]
  if (direct.length > 0 || language === 'en') return direct
  for (const prefix of inseparable) {
    const forms = term.startsWith(prefix) ? strongForms(term.slice(prefix.length)) : []
    if (forms.length > 0)
      return forms.map(form => prefix + (form.startsWith('ge') ? form.slice(2) : form)).filter(form => form !== term)
  }
  for (const prefix of separable) {
    if (!term.startsWith(prefix)) continue
    const rest = term.slice(prefix.length)
    const base = /^(?:zu|ge)\p{L}{3}/u.test(rest) ? rest.slice(2) : rest
    const strong = [...strongForms(rest), ...strongForms(base), ...strongForms(`ge${base}`)]
    if (strong.length > 0) {
      const forms = strong.flatMap(form =>
        form.startsWith('ge') ? [prefix + form] : [prefix + form, `${prefix}zu${form}`],
      )
      return [...new Set(forms)].filter(form => form !== term)
    }
    // "angesiedelt" and "anzusiedeln" are of "ansiedeln".
    if (rest.length < 4) continue
    const weak = base.replace(/e?t$/, '')
    const forms = [base, weak].flatMap(stem => [
      prefix + stem,
      `${prefix}zu${stem}`,
      `${prefix}ge${stem}t`,
      `${prefix}ge${stem}et`,
      // Snowball leaves the infinitive of "ansiedeln" and "erinnern" whole.
      ...(/e[lr]$/.test(stem) ? [`${prefix}${stem}n`] : []),
    ])
    return [...new Set(forms)].filter(form => form !== term)
  }
  return []
}

/** All forms of a strong verb by any of them; none if it is not one. */
function strongForms(base: string): string[] {
  if (base.length < 2) return []
  const forms = irregular.de().get(base)
  return forms === undefined ? [] : [base, ...forms]
}

/** The number a spelled-out word means, if it is one. */
export function isNumberWord(term: string, language: 'de' | 'en'): boolean {
  return spelled[language]().has(term)
}
