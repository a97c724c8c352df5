/**
 * Text recognised in the pictures of pages: what came of each page, and how far a document is. The indexes hold the pages
 * that wait and those that were looked at, so that neither count reads a page's text.
 */
export const recognition = `
alter table segment add column recognition text;
alter table document add column to_recognize integer not null default 0;
alter table document add column recognized integer not null default 0;
create index segment_to_recognize on segment (document_id, number)
  where recognition is null and problem in ('without-text', 'broken-text');
create index segment_recognized on segment (document_id) where recognition is not null;
`
