/** Users see what is theirs in the ledger; what is the installation's is read on its behalf alone, by whoever looks after it. */
export const ownLedger = `
drop policy seen on egress;
create policy seen on egress for select to cloister_scoped
  using (user_id = nullif(current_setting('cloister.user', true), ''));
`
