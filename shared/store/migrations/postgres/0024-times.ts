/** As on SQLite; what a scope's history says has an index here already. */
export const times = `
create index chat_by_user on chat (user_id, created_at);
create index chat_deleted on chat (deleted_at) where deleted_at is not null;
create index document_deleted on document (deleted_at) where deleted_at is not null;
`
