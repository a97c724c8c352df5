/**
 * Words too common to search for. `ohne/without`, `vor/before` and `nach/after` stay searchable: they change what is asked.
 * Written out in full, because a stem list would hide what is dropped. Spelled as `foldWord` leaves them.
 */
const german = `
der die das dem den des ein eine einen einem einer eines
ich du er sie es wir ihr mich dich sich uns euch mir dir ihm ihn ihnen mein meine meinen meinem meiner meines
dein deine deinen deinem deiner sein seine seinen seinem seiner seines ihre ihren ihrem ihrer ihres unser unsere unseren unserem unserer euer eure
dieser diese dieses diesen diesem jener jene jenes jenen jenem solche solcher solches solchen
wer wen wem wessen was wann wo wohin woher warum weshalb wieso wie wieviel wieviele womit wodurch wofur woran worauf worin wozu wovon woraus wobei worum woruber wogegen wonach worunter
welche welcher welches welchen welchem
und oder aber denn sondern sowie sowohl als dass weil wenn ob obwohl damit falls indem wahrend
in im ins an am ans auf aufs aus bei beim mit von vom zu zum zur fur durch uber um bis unter gegen neben zwischen seit laut
da dort hier dann doch nur noch auch schon sehr so nun mal ja wohl etwa dabei dazu daran darauf darin davon dafur dadurch daher deshalb
ist sind war waren bin bist seid sei seien ware waren gewesen
hat haben habe hast hatte hatten habt gehabt hatte hatten
wird werden wurde wurden worden werde wirst geworden
kann konnen konnte konnten kannst muss mussen musste mussten musst soll sollen sollte sollten darf durfen durfte durften will wollen wollte mag mochte mochten
nicht man viel viele vielen vieler vieles
tut tun tat getan lassen lasst liess es's gibt gab geben
selbst selber bzw usw etc zb dh also jetzt ganz etwas nichts alles alle allen aller jede jeder jedes jeden jedem
`
const english = `
the a an this that these those
i you he she it we they me him her us them my your his its our their mine yours hers ours theirs myself itself himself herself themselves
who whom whose what which when where why how
and or but nor so if because as than though although while whether
in on at of to for from by with into onto upon about up out off over per via
is are was were be been being am has have had having do does did doing done
will would shall should can could might must ought
there here then also just very too only such some any each
s t ll ve re d m isn aren wasn weren doesn didn don wouldn couldn shouldn hasn haven
not no many much get got let one during each every any anything something nothing
`
const words = (list: string) => new Set(list.split(/\s+/).filter(Boolean))

export const stopWords: Record<'de' | 'en', ReadonlySet<string>> = { de: words(german), en: words(english) }
