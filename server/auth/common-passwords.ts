/**
 * What is tried first: words and runs of keys that lists of leaked passwords have in common, written down from general knowledge, in
 * small letters. Figures behind them do not help (`demandGoodPassword`), so the words stand here without.
 */
export const commonPasswords: ReadonlySet<string> = new Set(
  `
password passwort kennwort passw0rd p@ssword p@ssw0rd pa55word pa$$word passwd password1 passwort1 password12 passwort12
password123 passwort123 password1234 passwort1234 kennwort123 geheim geheimnis geheimwort streng streng-geheim mypassword
meinpasswort meinkennwort changeme change-me aendern ändern welcome willkommen hello hallo hallohallo hallo123 hallo1234
hellohello letmein letmein1 opensesame sesam sesamöffnedich login logmein signin anmelden anmeldung admin admin123 admin1234
adminadmin administrator root toor rootroot superuser sysadmin system default guest gast gastgast user username benutzer
benutzername test test1234 testtest tester testing testpasswort testuser demo demodemo temp temporary secret secret123
topsecret private privat security sicherheit access zugang zugangscode master masterkey master123 schluessel schlüssel
qwerty qwerty1 qwerty12 qwerty123 qwerty1234 qwertyui qwertyuiop qwertz qwertz123 qwertz1234 qwertzui qwertzuiop asdf asdfgh
asdfghj asdfghjk asdfghjkl asdfasdf asdf1234 asdfjkl asdfjklö yxcvbnm yxcvbn zxcvbn zxcvbnm zxcvbnm1 poiuytrewq poiuztrewq
lkjhgfdsa mnbvcxy mnbvcxz 1qaz2wsx 1qay2wsx 1qaz2wsx3edc 1qay2wsx3edc qazwsx qazwsxedc qaywsx qaywsxedc q1w2e3r4 q1w2e3r4t5
1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r5t6z zaq12wsx zaq1zaq1 abc123 abc12345 abcd1234 abcd123 a1b2c3d4 aa123456 a123456
a1234567 a12345678 abc123456 abcdefg abcdefgh abcabc 123abc 123qwe 123qweasd qwe123 qweasdzxc 123456a 123456abc 12341234
12121212 11223344 112233445566 123123123 1231231234 123321123 12344321 123454321 10203040 102030405060 147258369 159357456
159753456 741852963 789456123 789654123 963852741 987654321 0987654321 1234567890 0123456789 123456789a 123456789q 87654321
01234567 00000000 11111111 22222222 55555555 66666666 77777777 88888888 99999999 31415926 314159265 27182818 19871987
19841984 19801980 19901990 20002000 20202020 20242024 20252025 20262026 01011980 01012000 24121990
iloveyou iloveu iloveyou1 iloveyou2 ilovegod ichliebedich ichliebedich1 liebe liebling lieblings schatz schatzi schatzilein
sweetheart darling honey mausi hasi hase haeschen häschen engel engelchen angel angels prinzessin princess princess1 prince
prinz queen king koenig könig lovely lover loveme love loveyou teamo jetaime
sommer winter fruehling frühling herbst sommer2023 sommer2024 sommer2025 sommer2026 winter2023 winter2024 winter2025
winter2026 fruehling2025 herbst2025 summer spring autumn summer2023 summer2024 summer2025 summer2026 spring2025 autumn2025
january february march april august september october november december januar februar maerz märz juni juli oktober dezember
monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag
sonnenschein sunshine sonne mond sterne sternchen stern sunflower sonnenblume schmetterling butterfly blume blumen flower
flowers regenbogen rainbow himmel heaven paradise paradies feuer fire wasser water erde diamond diamant silver silber golden
monkey monkeys affe dragon drache drachen tiger tigger lion loewe löwe wolf woelfe wölfe panther eagle adler falcon falke bear
baer bär teddybear teddybär baerchen bärchen shadow schatten phoenix unicorn einhorn dolphin delfin delphin elefant elephant
horse pferd pferde pony hund hunde katze katzen kater kitty kitten dog puppy doggy bailey buddy charlie cookie coco lucky luna
bella molly max maxmax sammy simba snoopy garfield felix
football fussball fußball fussball1 baseball basketball hockey eishockey tennis soccer handball golf golfer skateboard surfing
liverpool arsenal chelsea barcelona realmadrid juventus bayern bayernmuenchen bayernmünchen fcbayern borussia dortmund
schalke schalke04 werder werderbremen bremen hsv hamburg hertha hansa rostock eintracht frankfurt stuttgart vfbstuttgart
koeln köln fckoeln leverkusen gladbach nuernberg nürnberg leipzig dresden dynamo unionberlin berlin berlin123 muenchen münchen
hannover deutschland germany oesterreich österreich austria schweiz switzerland europa europe england london america amerika
canada mexico brazil brasil italia italien paris spanien turkiye istanbul galatasaray fenerbahce besiktas
michael michaela thomas andreas stefan stephan christian christina martin martina daniel daniela alexander alexandra sebastian
sabine sandra nicole nadine jessica jennifer melanie stefanie stephanie katharina katrin claudia susanne monika petra peter
paul paulina frank matthias markus marcus juergen jürgen wolfgang klaus hans dieter uwe ralf torsten thorsten tobias florian
philipp patrick marcel dennis benjamin jonas lukas leon felix maximilian moritz julian julia laura lena lisa anna annika hannah
sarah sophie marie maria emma mia leonie robert richard william george james john david joseph charles andrew anthony joshua
matthew jordan ashley amanda brandon hunter taylor michelle nicole samantha victoria elizabeth thomas1 daniel1 michael1
andrew1 jordan23 charlie1 jessica1 ashley1
superman batman spiderman ironman wonderwoman hulk joker marvel avengers starwars skywalker lukeskywalker darthvader yoda
startrek enterprise matrix gandalf frodo hobbit legolas aragorn mordor harrypotter potter hogwarts voldemort hermione pokemon
pikachu naruto sasuke goku dragonball sailormoon minecraft fortnite roblox nintendo playstation xbox mario supermario zelda
sonic warcraft worldofwarcraft starcraft counterstrike callofduty battlefield halo gamer gaming hacker matrix1 trustno1
whatever nothing nichts egal egal123 keineahnung weissnicht vergessen forgotten ficken fickdich fuckyou fuckoff fuckme fuckit
asshole arschloch scheisse scheiße bullshit bitch schlampe sexy sexsex sexysexy muschi pussy porno penis boobs
metallica nirvana slipknot rammstein acdc ironmaiden eminem beatles thebeatles elvis michaeljackson musik music guitar gitarre
piano klavier dance tanzen techno rockyou rocknroll hiphop
computer computer1 internet google facebook instagram twitter youtube whatsapp telegram microsoft windows windows10 windows11
office office365 apple iphone samsung android linux ubuntu debian server database oracle mysql postgres sql cisco firewall
router wlan wifi network netzwerk internet1 samsung1 nokia sony dell lenovo thinkpad macbook
cloister kloster klosterkloster document documents dokument dokumente bibliothek library
company firma firma123 unternehmen arbeit work buero büro office123 chef boss mitarbeiter verein vorstand schule school student
lehrer teacher universitaet university klasse
mercedes mercedesbenz porsche ferrari lamborghini bmw audi volkswagen golfgti corvette mustang camaro harley harleydavidson
yamaha kawasaki suzuki honda toyota nissan
freedom freiheit peace frieden liberty justice hope hoffnung glueck glück happy gluecklich glücklich smile laecheln lächeln
friends freunde freundschaft friendship family familie mother mutter mama papa vater father baby babygirl babyboy brother
bruder sister schwester oma opa grandma
jesus jesus1 jesuschrist christus christ god gott godisgood blessed blessing gesegnet faith glaube amen allah muhammad bismillah
chocolate schokolade cookies kuchen pizza spaghetti banana banane apfel orange cherry kirsche erdbeere strawberry peanut
pepper pfeffer cheese kaese käse butter bierbier wein kaffee coffee whisky vodka
summertime wintertime weihnachten christmas ostern easter geburtstag birthday party holiday urlaub ferien
correcthorsebatterystaple correct-horse-battery-staple
`
    .split(/\s+/)
    .filter(Boolean),
)
