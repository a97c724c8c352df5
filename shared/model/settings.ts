/** A user's own. Null: as the browser or the system has it. */
export interface Settings {
  language: 'de' | 'en' | null
  theme: 'light' | 'dark' | null
  /** Whether pages without text are looked at for it; on unless said otherwise. */
  recognition: 'on' | 'off'
  /** The project last looked at. */
  projectId: string | null
}
