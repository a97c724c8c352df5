/** As on SQLite. */
export const saidAt = `
alter table chat add column said_at bigint not null default 0;
update chat set said_at =
  greatest(created_at, (select max(created_at) from message where message.chat_id = chat.id));
alter table chat alter column said_at drop default;
`
