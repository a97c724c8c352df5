/**
 * What can go wrong, in words of the user. The texts, and what to do, stand in `shared/messages` under `error`.
 * Anything else is `internal`: the log gets it in full, the user a plain word.
 */
export type ErrorCode =
  // one file
  | 'duplicate'
  | 'empty-file'
  | 'unsupported-type'
  | 'type-mismatch'
  | 'too-large'
  | 'too-many-pages'
  | 'password-protected'
  | 'damaged'
  | 'pages-unreadable'
  | 'pages-without-text'
  | 'no-text'
  | 'text-cut'
  | 'parser-timeout'
  | 'parser-memory'
  | 'parser-crashed'
  | 'blob-missing'
  | 'file-missing'
  | 'file-unreadable'
  | 'file-changed'
  | 'hidden-file'
  | 'symbolic-link'
  | 'own-data'
  // the library
  | 'project-not-found'
  | 'document-not-found'
  | 'document-ambiguous'
  | 'chat-not-found'
  | 'project-exists'
  | 'last-project'
  | 'name-invalid'
  | 'question-empty'
  | 'question-too-long'
  | 'state-conflict'
  // models
  | 'model-missing'
  | 'model-invalid'
  | 'model-unsupported'
  | 'model-memory'
  | 'model-input'
  | 'model-crashed'
  | 'model-timeout'
  | 'model-unavailable'
  | 'model-unproven'
  | 'model-not-found'
  | 'model-exists'
  // the machine
  | 'disk-full'
  | 'data-directory'
  | 'data-newer'
  | 'data-damaged'
  | 'database-busy'
  | 'sqlite-too-old'
  | 'eval-set-invalid'
  // the server
  | 'input-invalid'
  | 'body-malformed'
  | 'body-too-large'
  | 'media-type'
  | 'route-not-found'
  | 'method-not-allowed'
  | 'unauthorized'
  | 'foreign-site'
  | 'file-absent'
  | 'too-many-files'
  | 'segment-not-found'
  | 'assistant-not-found'
  | 'server-unreachable'
  | 'server-stopping'
  | 'server-running'
  | 'host-refused'
  | 'port-taken'
  | 'socket-path'
  // everywhere
  | 'usage'
  | 'cancelled'
  | 'lease-lost'
  | 'internal'

/** Why something was refused, skipped or lost, with the values its text needs. */
export interface Reason {
  code: ErrorCode
  values?: Record<string, string | number>
}
