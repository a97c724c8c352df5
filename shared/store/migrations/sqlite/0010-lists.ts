/**
 * Lists of documents page by page, whatever their order, and counts of them without reading rows. `sort_key` is the path as
 * people sort it (see `sort-key.ts`): the program writes it, and fills it in where it is null.
 */
export const lists = `
alter table document add column sort_key text;
create index document_unsorted on document (id) where sort_key is null;
create index document_by_sort_key on document (project_id, sort_key, id) where deleted_at is null;
create index document_by_state on document (project_id, state, created_at, id) where deleted_at is null;
create index document_trashed on document (project_id, created_at, id) where deleted_at is not null;
`
