/** A user's own. Null: as the browser or the system has it. */
export interface Settings {
  language: 'de' | 'en' | null
  theme: 'light' | 'dark' | null
  /** The project last looked at. */
  projectId: string | null
}
