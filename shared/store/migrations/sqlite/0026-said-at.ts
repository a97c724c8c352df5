/**
 * `chat.said_at`: when something was last said in it, or it was taken out of the trash, by the clock of this installation; how long it is kept
 * counts from there. A message has the time of what it belongs to: an answer given anew that of the old one, one that was broken off that
 * of its question.
 */
export const saidAt = `
alter table chat add column said_at integer not null default 0;
update chat set said_at =
  max(created_at, coalesce((select max(created_at) from message where message.chat_id = chat.id), created_at));
`
