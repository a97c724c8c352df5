/** In which language, when nobody has said. */
import { languageOfLocale, type MessageLanguage } from '../../shared/messages/index.ts'

/** `languages`: as the system says, the best first. One that we do not speak gives way to the next. */
export function desktopLanguage(chosen: MessageLanguage | null, languages: readonly string[]): MessageLanguage {
  if (chosen) return chosen
  const spoken = languages.find(language => /^(?:de|en)\b/i.test(language))
  return spoken ? languageOfLocale(spoken) : 'en'
}

/** For the processes of ours that take their language from their environment. */
export const localeOf = (language: MessageLanguage) => (language === 'de' ? 'de_DE.UTF-8' : 'en_US.UTF-8')
