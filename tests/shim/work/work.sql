create table item(id integer primary key, name text, price real, note text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
insert into item select i, 'word' || (i * 7919 % 501), i * 1.25, printf('%0*d', i % 50 + 1, i) from n;
create index item_name on item(name, price);
begin;
update item set note = upper(hex(note)) where id % 7 = 0;
delete from item where id % 11 = 0;
commit;
select name, count(*), sum(price), group_concat(id) from item group by name order by 2 desc, 1 limit 9;
create virtual table found using fts5(note);
insert into found select name || ' ' || note from item limit 20000;
select count(*) from found where found match 'word77 OR word99';
select sum(length(value)) from (select json_each.value from item, json_each('[1,"two",{"three":3}]') limit 50000);
select id, sum(price) over (order by id rows 10 preceding) from item where id % 5000 = 1;
vacuum;
pragma integrity_check;
select count(*), total(price), max(note) from item;
