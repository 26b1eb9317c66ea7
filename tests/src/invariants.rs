//! What must be true of the database whenever nothing is under way, as sentences with a query that counts the exceptions.
//! Read by clients that are not the program's own: the `postgres` crate, and the `sqlite3` shell.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use crate::databases::TestDatabase;
use std::process::Command;

/// A sentence, and SQL that counts the rows that break it; the text runs on both databases.
pub const INVARIANTS: &[(&str, &str)] = &[
    (
        "no certificate without its intent",
        "select count(*) from certificate c where not exists (
            select 1 from intent i where i.authority_id = c.authority_id and i.serial = c.serial)",
    ),
    (
        "no intent without an outcome",
        "select count(*) from intent i where not exists (
            select 1 from certificate c where c.authority_id = i.authority_id and c.serial = i.serial)",
    ),
    (
        "no serial number twice",
        "select count(*) from (select serial from intent group by serial having count(*) > 1) twice",
    ),
    (
        "no unknown outcome left unrevoked",
        "select count(*) from certificate c where c.der is null and not exists (
            select 1 from revocation r where r.authority_id = c.authority_id and r.serial = c.serial)",
    ),
    (
        "no request with two certificates",
        "select count(*) from (select request_id from certificate
            where request_id is not null and der is not null group by request_id having count(*) > 1) twice",
    ),
    (
        "no request issued without a certificate",
        "select count(*) from request r where r.state = 'issued' and not exists (
            select 1 from certificate c where c.request_id = r.request_id and c.der is not null)",
    ),
    (
        "no certificate whose request is not issued",
        "select count(*) from certificate c where c.request_id is not null and c.der is not null and not exists (
            select 1 from request r where r.request_id = c.request_id and r.state = 'issued')",
    ),
    (
        "no request left on the way",
        "select count(*) from request r where r.state in ('approved', 'issuing')",
    ),
    (
        "no job left over",
        "select count(*) from job where kind in ('issue', 'presign') or last_error is not null",
    ),
    (
        "as many requests as events that say so",
        "select abs((select count(*) from request) - (select count(*) from audit_event where verb = 'request.submitted'))",
    ),
    (
        "as many intents as events that say so",
        "select abs((select count(*) from intent where profile_id not in ('imported', 'recovered'))
            - (select count(*) from audit_event where verb = 'certificate.intended'))",
    ),
    (
        "as many certificates as events that say so",
        "select abs((select count(*) from certificate c join intent i on i.authority_id = c.authority_id and i.serial = c.serial
                where c.der is not null and i.profile_id <> 'imported')
            - (select count(*) from audit_event where verb = 'certificate.issued'))",
    ),
    (
        "as many burnt serials as events that say so",
        "select abs((select count(*) from certificate where der is null)
            - (select count(*) from audit_event where verb = 'certificate.unknown'))",
    ),
    (
        "as many decisions as events that say so",
        "select abs((select count(*) from request where decided_by is not null and state <> 'withdrawn')
            - (select count(*) from audit_event where verb in ('request.approved', 'request.returned', 'request.rejected')))",
    ),
    (
        "no key made at the centre without its row, and no row without such a key",
        "select abs((select count(*) from request where key_source = 'centre') - (select count(*) from delivery))",
    ),
    (
        "no key kept for a request that came to nothing",
        "select count(*) from delivery d join request r on r.request_id = d.request_id
            where d.state in ('kept', 'packed') and r.state in ('returned', 'rejected', 'withdrawn', 'failed')",
    ),
    (
        "as many keys made, packed, fetched and erased as events that say so",
        "select abs((select count(*) from delivery) - (select count(*) from audit_event where verb = 'holder-key.made'))
            + abs((select count(*) from delivery where packed_at is not null)
                - (select count(*) from audit_event where verb = 'holder-key.packed'))
            + abs((select count(*) from delivery where state = 'fetched')
                - (select count(*) from audit_event where verb = 'holder-key.fetched'))
            + abs((select count(*) from delivery where state = 'erased')
                - (select count(*) from audit_event where verb = 'holder-key.erased'))",
    ),
    (
        "as many revocations as events that say so, but for suspensions that became something else",
        "select abs((select count(*) from revocation r join intent i on i.authority_id = r.authority_id and i.serial = r.serial
                where i.profile_id <> 'imported' or r.revoked_by <> 'system:set-up')
            - (select count(*) from audit_event e where e.verb in ('certificate.revoked', 'certificate.unknown')
                and (e.detail not like '%\"certificateHold\"%' or not exists (
                    select 1 from audit_event later where later.object = e.object and later.audit_event_id > e.audit_event_id
                        and later.verb in ('certificate.revoked', 'certificate.unsuspended')))))",
    ),
    (
        "as many CRL numbers as events that say so",
        "select abs((select count(*) from crl) - (select count(*) from audit_event where verb = 'crl.numbered'))",
    ),
    (
        "as many stored CRLs as events that say so",
        "select abs((select count(*) from crl where der is not null)
            - (select count(*) from audit_event where verb = 'crl.stored'))",
    ),
    (
        "no certificates of another CA without the event that says they were taken over",
        "select count(*) from intent i where i.profile_id = 'imported' and not exists (
            select 1 from audit_event e where e.verb = 'authority.imported' and e.object = 'authority:' || i.authority_id)",
    ),
    (
        "no event of a certificate that is not there",
        "select count(*) from audit_event e where e.verb = 'certificate.issued' and not exists (
            select 1 from certificate c where c.der is not null
            and e.object = 'certificate:' || c.authority_id || '/' || lower(HEX(c.serial)))",
    ),
];

/// Jobs that wait for a worker, of every kind.
pub const JOBS_LEFT: &str = "select count(*) from job";

/// One number from a database, through a client that is not the program's.
///
/// # Panics
/// When the database does not answer: a failed test.
pub fn count(database: &TestDatabase, sql: &str) -> i64 {
    counts(database, &[sql]).into_iter().sum()
}

/// One number of each query, over one connection.
fn counts(database: &TestDatabase, queries: &[&str]) -> Vec<i64> {
    let in_postgres =
        |sql: &str| sql.replace("HEX(", "encode_hex(").replace("encode_hex(c.serial)", "encode(c.serial, 'hex')");
    let asked = database.independently(|client| -> Vec<i64> {
        let ask = |sql: &&str| client.query_one(&in_postgres(sql), &[]).expect("PostgreSQL answers").get(0);
        queries.iter().map(ask).collect()
    });
    let in_sqlite = || sqlite3(database, &queries.join(";"));
    let parsed = |line: &str| line.trim().parse().expect("sqlite3 prints a number");
    asked.unwrap_or_else(|| in_sqlite().lines().map(parsed).collect())
}

/// The texts a query finds, in its order, through the same clients.
///
/// # Panics
/// When the database does not answer: a failed test.
pub fn texts(database: &TestDatabase, sql: &str) -> Vec<String> {
    let asked = database.independently(|client| -> Vec<String> {
        client.query(sql, &[]).expect("PostgreSQL answers").iter().map(|row| row.get(0)).collect()
    });
    asked.unwrap_or_else(|| sqlite3(database, sql).lines().map(str::to_owned).collect())
}

/// Everything a database holds, table by table, as text: octets in lower-case hexadecimal.
///
/// # Panics
/// When the database does not answer: a failed test.
pub fn everything(database: &TestDatabase) -> String {
    const TABLES: &str = "select table_name::text from information_schema.tables where table_schema = 'public'";
    let asked = database.independently(|client| {
        let tables: Vec<String> =
            client.query(TABLES, &[]).expect("PostgreSQL answers").iter().map(|row| row.get(0)).collect();
        let mut all = String::new();
        for table in tables {
            let rows = client.query(&format!("select t::text from \"{table}\" t"), &[]).expect("PostgreSQL answers");
            rows.iter().for_each(|row| all.push_str(row.get::<_, &str>(0)));
        }
        all
    });
    asked.unwrap_or_else(|| sqlite3(database, ".dump")).to_lowercase()
}

fn sqlite3(database: &TestDatabase, sql: &str) -> String {
    let file = database.url().strip_prefix("sqlite:").expect("a SQLite database");
    // No journal may be left half-way by a killed process: opening it normally rolls it back, as the program does. A
    // running program may be writing: the shell waits its turn.
    let shell = Command::new("sqlite3").args(["-cmd", ".timeout 10000", file, sql]).output();
    let shell = shell.expect("the sqlite3 shell runs; mend with: apt-get install sqlite3");
    assert!(shell.status.success(), "sqlite3: {}", String::from_utf8_lossy(&shell.stderr));
    String::from_utf8_lossy(&shell.stdout).into_owned()
}

/// The sentences that are not true of a database.
pub fn broken(database: &TestDatabase) -> Vec<String> {
    let queries: Vec<&str> = INVARIANTS.iter().map(|(_, sql)| *sql).collect();
    let exceptions = counts(database, &queries);
    assert_eq!(exceptions.len(), queries.len(), "every query is answered");
    let judged = INVARIANTS.iter().zip(exceptions).filter(|(_, exceptions)| *exceptions != 0);
    judged.map(|((sentence, _), exceptions)| format!("{sentence}: {exceptions} exceptions")).collect()
}
