/**
 * The search for words for both lists of a question at once, in the language whose plans the server keeps: one in SQL is planned
 * with each call, for 0.8 ms of the 2 that an average one took.
 *
 * It runs as its owner, since a policy of rows keeps the index from being asked, and so looks itself at whose words they are; names
 * mean what they mean to whoever ran this. `most` chunks of the first list, `most_also` of the second, the same one twice where
 * both bring it up. `budget`: rows of the lists of the index that are read, from the rarest term on and of that one in any case;
 * more only where they brought up too few. A term's worth is that of BM25 with its usual 1.2 and 0.75, as if a chunk held it once,
 * twice or four times. See `engine/postgres-words.ts`.
 */
const project = `(select project.id from project where project.id = nullif(current_setting('cloister.project', true), '')
    and project.user_id = nullif(current_setting('cloister.user', true), ''))`

export const findWords = `
drop function find_words(text[], text[], bigint, bigint);

create function find_words(wanted text[], also text[], within text[], budget bigint, most bigint, most_also bigint)
returns setof bigint language plpgsql stable security definer rows 150
set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
declare
  own record;
  list text[];
  places bigint;
  total bigint;
  allowed bigint;
  ids bigint[];
begin
  select library.number, library.chunks, 0.9 / greatest(1, library.terms::float8 / greatest(1, library.chunks)) as slope
  into own from library where library.project_id = ${project};
  if not found then
    return;
  end if;
  for which in 1..2 loop
    list := case which when 1 then wanted else also end;
    places := case which when 1 then most else most_also end;
    continue when cardinality(list) = 0;
    select coalesce(sum(term.chunks), 0) into total
    from term where term.library = own.number and term.term = any (list);
    allowed := budget;
    loop
      with known as (
        select term.term, ln(1 + greatest(0, own.chunks - term.chunks + 0.5::float8) / (term.chunks + 0.5::float8)) as rarity,
          row_number() over by_rarity as place, cast(sum(term.chunks) over by_rarity as bigint) as rows
        from term
        where term.library = own.number and term.term = any (list)
        window by_rarity as (order by term.chunks, term.term rows unbounded preceding)
      ),
      asked as materialized (
        select (('''' || replace(replace(own.number || class.sign || known.term, '\\', '\\\\'), '''', '''''') || '''')::tsquery) as query,
          known.rarity, class.low::float8 as low, class.high::float8 as high
        from known, (values ('~', 0, 1), ('+', 1, 2), ('*', 2, 4)) as class (sign, low, high)
        where known.place = 1 or known.rows <= allowed
      ),
      counted as (
        select hit.id, sum(asked.rarity * (asked.high / (asked.high + hit.norm) - asked.low / (asked.low + hit.norm))) as score
        from asked cross join lateral (
          select chunk_words.id, 0.3::float8 + own.slope * chunk_words.length as norm
          from chunk_words
          where chunk_words.words @@ asked.query
            and (within is null or chunk_words.document_id = any (within))
            and chunk_words.document_id not in (select clearing.document_id from clearing)
        ) as hit
        group by hit.id
      )
      select array(select counted.id from counted order by counted.score desc, counted.id limit places) into ids;
      exit when cardinality(ids) >= places or total <= allowed;
      allowed := total;
    end loop;
    return query select unnest(ids);
  end loop;
end $$;

do $$ begin
  execute format('alter function find_words(text[], text[], text[], bigint, bigint, bigint) set search_path = %s, pg_temp',
    current_setting('search_path'));
end $$;
revoke execute on function find_words(text[], text[], text[], bigint, bigint, bigint) from public;
grant execute on function find_words(text[], text[], text[], bigint, bigint, bigint) to cloister_scoped;
`
