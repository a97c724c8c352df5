import { expect, test } from 'vitest'
import { isBrokenText } from './broken-text.ts'

const german =
  'Im Keller darf nichts gelagert werden, was brennt; Fahrräder stehen im Hof. Ruhe gilt von zehn Uhr abends an. ' +
  'Die Mieterin übergibt die Wohnung geräumt und gereinigt. Die Kaution wird binnen sechs Monaten zurückgezahlt, sofern ' +
  'keine Schäden vorliegen. Schönheitsreparaturen führt die Vermieterin aus, wenn sie nach dem Grad der Abnutzung ' +
  'erforderlich sind. Haustiere sind nach Absprache erlaubt; Kleintiere wie Hamster bedürfen keiner Zustimmung.'
const english =
  'The installer detects most hardware on its own. When it does not, you can load modules by hand, or pass parameters to ' +
  'the kernel at the boot prompt. Partitions are shown with their size and mount point before anything is written to the ' +
  'disk, so that you can still go back without losing what was there before the installation was started.'

/** What a font without its table of characters leaves behind. */
const shifted = (text: string, by: number) =>
  text.replace(/[a-z]/gi, letter => {
    const first = letter < 'a' ? 65 : 97
    return String.fromCharCode(first + ((letter.charCodeAt(0) - first + by) % 26))
  })

test('what is broken: private glyphs, replacement signs, controls, glued words, another alphabet', () => {
  expect(isBrokenText(german.replace(/[a-m]/g, letter => String.fromCharCode(0xe000 + letter.charCodeAt(0))))).toBe(
    true,
  )
  expect(isBrokenText(english.replace(/[aeiou]/g, '\ufffd'))).toBe(true)
  expect(isBrokenText(german.replace(/[a-m]/g, letter => String.fromCharCode(letter.charCodeAt(0) - 96)))).toBe(true)
  expect(isBrokenText(german.replace(/[ .,;]/g, ''))).toBe(true)
  expect(isBrokenText(shifted(german, 3))).toBe(true)
  expect(isBrokenText(shifted(`${english} ${english}`, 3))).toBe(true)
})

test('what is not: prose, tables, code, formulas, icons, other scripts and languages', () => {
  const sound = [
    german,
    english,
    german.toUpperCase(),
    'Jan 1.204,50 3.310,00 12 % '.repeat(40),
    'for (let i = 0; i < n; i++) { buf[i] = str.charCodeAt(i) ^ 0xff; ptr = ctx->tbl[i]; } '.repeat(10),
    '∑ x² + ∫ f(t) dt ≤ ε, ∀ n ∈ ℕ: a₁ · b₂ ≠ 0 '.repeat(20),
    `\ue001 Telefon \ue002 Anschrift \ue003 Termine ${german}`,
    'Квартира передаётся в чистом виде, залог возвращается в течение шести месяцев после выезда. '.repeat(6),
    '部屋は清掃して返却してください。敷金は六か月以内に返金されます。'.repeat(10),
    'Lokal zostanie przekazany w stanie czystym, a kaucja zwrócona w ciągu sześciu miesięcy od wyprowadzki. '.repeat(5),
    'Byt se předává čistý a vyklizený, kauce bude vrácena do šesti měsíců po odstěhování nájemce. '.repeat(6),
    'sshd tcp udp http dhcpd grub xfs lvm btrfs ext4 mdadm nfs smb vfat ntfs jfs '.repeat(8),
  ]
  expect(sound.map(isBrokenText)).toEqual(sound.map(() => false))
})
