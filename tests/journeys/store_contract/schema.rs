//! The schema itself: migrations run again do nothing, and the names of constraints are those PostgreSQL knows.

use super::fixture::Fixture;
use super::on_both_databases;
use std::collections::BTreeMap;
use store::constraints::UNIQUE;

on_both_databases!(
    migrating_again_changes_nothing,
    every_unique_constraint_has_its_name_on_both,
    constraints_are_named,
);

async fn migrating_again_changes_nothing(db: Fixture<'_>) {
    db.store.migrate().await.unwrap();
    db.store.answers().await.unwrap();
}

const UNIQUE_INDEXES: &str = "select i.relname, string_agg(t.relname || '.' || a.attname, ', ' order by k.position)
    from pg_index x
        join pg_class i on i.oid = x.indexrelid
        join pg_class t on t.oid = x.indrelid
        join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
        cross join lateral unnest(x.indkey) with ordinality as k (attnum, position)
        join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum
    where x.indisunique and t.relname <> '_sqlx_migrations'
    group by i.relname order by i.relname";

async fn every_unique_constraint_has_its_name_on_both(db: Fixture<'_>) {
    let found = db.database.independently(|client| {
        let rows = client.query(UNIQUE_INDEXES, &[]).unwrap();
        rows.iter().map(|row| (row.get::<_, String>(1), row.get::<_, String>(0))).collect::<BTreeMap<_, _>>()
    });
    let listed: BTreeMap<_, _> =
        UNIQUE.iter().map(|(columns, name)| ((*columns).to_owned(), (*name).to_owned())).collect();
    if let Some(found) = found {
        assert_eq!(found, listed, "store/src/constraints.rs must name every unique constraint of migrations/");
    }
    assert_eq!(listed.len(), UNIQUE.len(), "a list of columns names one constraint");
}

async fn constraints_are_named(db: Fixture<'_>) {
    let unnamed = "select c.conname::text from pg_constraint c join pg_class t on t.oid = c.conrelid
        join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
        where t.relname <> '_sqlx_migrations' and c.contype <> 'n'
            and c.conname !~ '(_pk|_once|_known|_check)$'";
    let found = db.database.independently(|client| {
        client.query(unnamed, &[]).unwrap().iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
    });
    assert_eq!(found.unwrap_or_default(), Vec::<String>::new());
}
