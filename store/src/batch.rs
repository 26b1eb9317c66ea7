//! Statements over many rows. A batch of any size runs as chunks of 64, 16, 4 and 1, so that each statement exists in four
//! lengths only, is prepared once per connection, and a batch of one costs no more than a single insert.

use std::sync::OnceLock;

const SIZES: [usize; 4] = [64, 16, 4, 1];

/// A statement that repeats one part per row.
pub(crate) struct BatchSql {
    head: &'static str,
    /// One row; each `?` becomes the next placeholder, `$1` and so on are shared by all rows.
    row: &'static str,
    tail: &'static str,
    /// How many placeholders are shared.
    shared: usize,
    built: OnceLock<[&'static str; 4]>,
}

impl BatchSql {
    pub(crate) const fn new(head: &'static str, row: &'static str, tail: &'static str, shared: usize) -> Self {
        Self { head, row, tail, shared, built: OnceLock::new() }
    }

    /// `rows` cut into chunks, each with the statement of its length.
    pub(crate) fn chunks<'rows, T>(&self, mut rows: &'rows [T]) -> Vec<(&'static str, &'rows [T])> {
        // Four texts per statement live as long as the program: sqlx takes static text only.
        let built = self.built.get_or_init(|| SIZES.map(|size| &*self.text(size).leak()));
        let mut chunks = Vec::new();
        for (size, sql) in SIZES.into_iter().zip(built) {
            while let Some((chunk, rest)) = rows.split_at_checked(size) {
                chunks.push((*sql, chunk));
                rows = rest;
            }
        }
        chunks
    }

    /// The statement for `size` rows.
    fn text(&self, size: usize) -> String {
        let mut next = self.shared;
        let mut text = self.head.to_owned();
        for row in 0..size {
            text.push_str(if row == 0 { "" } else { ", " });
            for c in self.row.chars() {
                if c == '?' {
                    next += 1;
                    text.push_str(&format!("${next}"));
                } else {
                    text.push(c);
                }
            }
        }
        text.push_str(self.tail);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_behind_the_shared_placeholders() {
        let sql = BatchSql::new("insert into t (a, b, c) values ", "(?, ?, $1)", " returning a", 1);
        assert_eq!(sql.text(2), "insert into t (a, b, c) values ($2, $3, $1), ($4, $5, $1) returning a");
    }

    #[test]
    fn every_row_is_in_exactly_one_chunk() {
        let sql = BatchSql::new("", "?", "", 0);
        for size in [0, 1, 3, 4, 63, 64, 65, 200] {
            let rows: Vec<usize> = (0..size).collect();
            let chunks = sql.chunks(&rows);
            assert_eq!(chunks.iter().flat_map(|(_, chunk)| chunk.iter().copied()).collect::<Vec<_>>(), rows);
            assert!(chunks.iter().all(|(_, chunk)| SIZES.contains(&chunk.len())));
        }
    }
}
