/** Only Postgres chooses between indexes here; see its migration of this name. */
export const wordsByIndex = ''
