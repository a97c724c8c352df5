/** On PostgreSQL, which entries of the ledger users see: see there. */
export const ownLedger = `
select 1;
`
