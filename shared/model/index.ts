/**
 * Cloister's nouns.
 *
 * - **user**: who owns projects and chats. Local mode has one, `local`.
 * - **project**: a library with everything in it; the unit of isolation. Nothing is read across projects.
 * - **member**: who has a part in another user's project, as `editor` or `reader`; **owner**: whose it is.
 * - **quota**, **usage**: what a user may use, and has used; **audit**: what was done that others must be able to see later.
 * - **document**: one file (or text) in a project. Same bytes = one document per project.
 * - **blob**: a document's bytes, stored once under their SHA-256.
 * - **segment**: a stretch of a document as its parser yields it: a PDF page, or a run of paragraphs of a text. Numbered from 1.
 * - **block**: a heading, paragraph, list item, table row … inside a segment, with its **place**.
 * - **place**: where something stands: page and rectangles, or heading path and line numbers.
 * - **chunk**: the unit of retrieval: 150 to 250 tokens of neighbouring blocks with the path of headings above them.
 * - **passage**: a chunk found for a question, with its score.
 * - **quote**: one sentence (or table row), verbatim, whole up to 600 characters; a longer one may be cut, and says so.
 * - **citation**: a quote with its document and place; checked by code before it is shown.
 * - **chat**, **message**: a conversation, and what the user or the assistant said in it.
 * - **assistant**: whom a chat may be with: instructions, a language, a model, and all or some documents of a project.
 * - **model**: a file with weights that writes answers (chat), makes vectors (embedding) or ranks passages (reranking).
 * - **provider**: a server with models, on this machine or another one; **reference**: what a model is called by, `slug/model` there.
 * - **vector**, **vector index**: a chunk's place in an embedding model's space; the vectors of one model, one index.
 * - **job**: a piece of background work, a row in the same database as the fact that causes it.
 * - **followed folder**: a folder of this machine; its files are documents of a project for as long as they lie in it.
 * - **receipt**: what became of a document: pages read, pages without text, tables, language, what was skipped and why.
 * - **change**: one field of one synced row, as the change log keeps it.
 * - **ledger**: every request that left this machine or was refused: to whom, for what, how many bytes; never what was in it.
 * - **term**: a word as the index knows it (folded and stemmed); a project's **vocabulary** is the set of its terms.
 */
export type * from './answer.ts'
export type * from './assistant.ts'
export type * from './backup.ts'
export type * from './chat.ts'
export type * from './chunk.ts'
export type * from './document.ts'
export type * from './egress.ts'
export type * from './erased.ts'
export type * from './event.ts'
export type * from './folder.ts'
export type * from './generated.ts'
export type * from './job.ts'
export type * from './mail.ts'
export type * from './member.ts'
export type * from './models.ts'
export type * from './parsing.ts'
export type * from './project.ts'
export type * from './provider.ts'
export type * from './reason.ts'
export type * from './segment.ts'
export type * from './settings.ts'
