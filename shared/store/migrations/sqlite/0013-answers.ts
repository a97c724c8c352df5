/**
 * Answers that are being given, as far as they are written down, for whoever reads along from another process or comes back
 * later, and for what a killed process left. See `store/answers.ts`.
 */
export const answers = `
create table answer_run (
  id text primary key,
  project_id text not null,
  chat_id text not null references chat (id) on delete cascade,
  question text not null,
  question_id text,
  server text not null,
  beat integer not null,
  events integer not null,
  draft text not null,
  model text,
  stop integer not null,
  reads integer not null,
  message_id text,
  started_at integer not null,
  ended_at integer
) strict;
create index answer_run_by_chat on answer_run (chat_id);
create index answer_run_open on answer_run (id) where ended_at is null;

create table answer_event (
  run_id text not null references answer_run (id) on delete cascade,
  number integer not null,
  event text not null,
  primary key (run_id, number)
) strict, without rowid;
`
