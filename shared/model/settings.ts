/** A user's own. Null: as the browser or the system has it. */
export interface Settings {
  language: 'de' | 'en' | null
  theme: 'light' | 'dark' | null
  /** Whether pages without text are looked at for it; on unless said otherwise. */
  recognition: 'on' | 'off'
  /** The project last looked at. */
  projectId: string | null
  /** Days that chats are kept for after what was last said in them; null: as long as the installation keeps them. */
  keepChats: number | null
  /** Days that what was deleted stays in the trash; null: as long as the installation keeps it. */
  keepTrash: number | null
}

/** Days that the installation keeps something at most, whatever its users say. */
export interface Retention {
  /** Null: for ever. */
  chats: number | null
  trash: number
}
