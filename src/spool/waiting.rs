//! What waits for the site, as `tk-incident deliveries` lists it.

use rusqlite::Row;
use serde_json::{Value, json};

use super::{SpoolReader, rows, schema};
use crate::error::Result;

/// The first version of the tables that knows whether a ticket was asked for, and whether it may have twins.
const KNOWS_STEPS: i64 = 6;

impl SpoolReader {
    /// Deliveries that are not done, at most so many, in the order in which they come: title, signature, ticket, step,
    /// how many occurrences the site does not know, how often and why it failed, and when it goes on.
    ///
    /// The steps are *evidence*, which is still to be taken; *pending*, without a ticket; *creating*, where one may be
    /// there; *created*, without its archive; *attached*, with occurrences to tell; *settling*, where twins are
    /// looked for.
    pub fn deliveries(&self, most: usize) -> Result<Vec<Value>> {
        self.read(|connection| {
            // A spool that no reporter of today has opened yet.
            let (asked, twins) = match schema::version(connection) {
                Ok(version) if version >= KNOWS_STEPS => ("d.asked_ms", "d.twins_ms"),
                _ => ("NULL", "NULL"),
            };
            let sql = format!(
                "SELECT i.title, i.signature, d.ticket_id, \
                 CASE WHEN d.delivered_count >= i.count THEN 'settling' \
                 WHEN e.archive IS NULL THEN 'evidence' \
                 WHEN d.ticket_id IS NOT NULL THEN iif(d.attached, 'attached', 'created') \
                 WHEN {asked} IS NOT NULL THEN 'creating' ELSE 'pending' END, \
                 max(i.count - d.delivered_count, 0), d.attempts, d.last_error, \
                 CASE WHEN d.delivered_count >= i.count THEN {twins} \
                 WHEN e.archive IS NULL THEN e.due_ms ELSE d.next_try_ms END AS at_ms \
                 FROM deliveries d JOIN incidents i ON i.id = d.incident_id \
                 LEFT JOIN evidence e ON e.incident_id = d.incident_id \
                 WHERE d.delivered_count < i.count OR {twins} IS NOT NULL \
                 ORDER BY at_ms, i.id LIMIT ?1"
            );
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            connection.prepare(&sql)?.query_map([most], delivery)?.collect()
        })
    }
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Value> {
    let next = jiff::Timestamp::from_millisecond(rows::number(row, 7)?);
    Ok(json!({
        "title": rows::text(row, 0)?,
        "signature": rows::text(row, 1)?,
        "ticket": rows::number_or_null(row, 2)?,
        "step": rows::text(row, 3)?,
        "untold": rows::number(row, 4)?,
        "attempts": rows::number(row, 5)?,
        "last_error": rows::text_or_null(row, 6)?,
        "next_try": next.map(|at| at.to_string()).ok(),
    }))
}
