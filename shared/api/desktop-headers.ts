/** What the desktop's page says to main with its requests; the server hears none of it. Apart from the schemas: the page carries no zod. */

/**
 * Of a request that carries a file: `PAGE/NUMBER`, by which the page breaks it off and hears how much of it has left. Of a page that breaks off
 * a request Electron tells main nothing, and the page nothing of progress.
 */
export const transferHeader = 'x-cloister-transfer'
/** Of a request without a body that adds documents: which of the files that were handed over main is to send with it. */
export const handedHeader = 'x-cloister-handed'
