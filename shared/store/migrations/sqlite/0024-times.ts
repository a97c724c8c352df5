/** What is looked for by its time, or by whose it is: deleted chats and documents, chats of one author, what a scope's history says. */
export const times = `
create index chat_by_user on chat (user_id, created_at);
create index chat_deleted on chat (deleted_at) where deleted_at is not null;
create index document_deleted on document (deleted_at) where deleted_at is not null;
create index changes_by_scope on changes (scope);
`
