/** As on SQLite. A row of `answer_run` changes four times a second while it is written: there is room for that on its page. */
const named = `nullif(current_setting('cloister.project', true), '')`
const user = `nullif(current_setting('cloister.user', true), '')`

export const answers = `
create table answer_run (
  id text collate "C" primary key,
  project_id text collate "C" not null,
  chat_id text collate "C" not null references chat (id) on delete cascade,
  question text collate "C" not null,
  question_id text collate "C",
  server text collate "C" not null,
  beat bigint not null,
  events bigint not null,
  draft text collate "C" not null,
  model text collate "C",
  stop integer not null,
  reads bigint not null,
  message_id text collate "C",
  started_at bigint not null,
  ended_at bigint
) with (fillfactor = 50);
create index answer_run_by_chat on answer_run (chat_id);
create index answer_run_open on answer_run (id) where ended_at is null;

create table answer_event (
  run_id text collate "C" not null references answer_run (id) on delete cascade,
  number bigint not null,
  event text collate "C" not null,
  primary key (run_id, number)
);

alter table answer_run enable row level security, force row level security;
create policy internal on answer_run to current_user using (true);
create policy own on answer_run to cloister_scoped
  using (project_id = (select id from project where id = ${named} and user_id = ${user}));
alter table answer_event enable row level security, force row level security;
create policy internal on answer_event to current_user using (true);
create policy own on answer_event to cloister_scoped
  using (exists (select from answer_run where answer_run.id = answer_event.run_id));
`
