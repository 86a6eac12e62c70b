//! Whether the population is what it should be.

use sqlx::{PgPool, Row};

/// What is looked at, and the query that says whether it is well, and what it found.
const CHECKS: [(&str, &str); 9] = [
    ("users", "SELECT count(*) = 200, count(*)::text FROM users"),
    ("group chats", "SELECT count(*) = 75, count(*)::text FROM chats WHERE kind = 'group'"),
    ("direct chats", "SELECT count(*) = 300, count(*)::text FROM chats WHERE kind = 'direct'"),
    ("messages", "SELECT count(*) = 25000, count(*)::text FROM messages"),
    (
        "members of groups",
        "SELECT min(n) >= 3 AND max(n) >= 20, format('%s to %s', min(n), max(n))
         FROM (SELECT count(*) n FROM memberships m JOIN chats c ON c.id = m.chat WHERE kind = 'group' GROUP BY c.id) g",
    ),
    (
        "direct chats whose key is that of their two members",
        "SELECT count(*) = 300, count(*)::text
         FROM (SELECT dm_key, string_agg(member::text, ':' ORDER BY member) AS key
               FROM memberships m JOIN chats c ON c.id = m.chat WHERE kind = 'direct' GROUP BY c.id) d
         WHERE dm_key = key",
    ),
    (
        "months",
        "SELECT count(DISTINCT date_trunc('month', sent_at AT TIME ZONE 'UTC')) = 4,
                format('%s to %s', min(sent_at AT TIME ZONE 'UTC')::date, max(sent_at AT TIME ZONE 'UTC')::date) FROM messages",
    ),
    (
        "messages within business hours",
        "SELECT avg(well::int) BETWEEN 0.75 AND 0.95, round(100 * avg(well::int)) || ' %'
         FROM (SELECT extract(isodow FROM t) < 6 AND extract(hour FROM t) BETWEEN 9 AND 17 AS well
               FROM (SELECT sent_at AT TIME ZONE 'UTC' AS t FROM messages) m) w",
    ),
    (
        "length of messages",
        "SELECT min(length(body)) < 20 AND max(length(body)) > 300,
                format('%s to %s characters, %s on average', min(length(body)), max(length(body)), round(avg(length(body))))
         FROM messages",
    ),
];

/// Prints what is well and what is not. Gives the number of checks that failed.
///
/// # Errors
///
/// The database could not be asked.
pub async fn population(pool: &PgPool) -> Result<usize, sqlx::Error> {
    let mut failed = 0;
    for (what, query) in CHECKS {
        let row = sqlx::query(query).fetch_one(pool).await?;
        let (is_well, found): (bool, String) = (row.try_get(0)?, row.try_get(1)?);
        println!("{} {what}: {found}", if is_well { "ok    " } else { "FAILED" });
        failed += usize::from(!is_well);
    }
    Ok(failed)
}
