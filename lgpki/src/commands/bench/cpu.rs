//! CPU time of this process and of local PostgreSQL processes, from `/proc` (Linux).

/// Clock ticks a second in `/proc/*/stat`; fixed at 100 for user space on Linux.
const TICKS: f64 = 100.0;

/// CPU seconds used until a moment.
pub(super) struct Sample {
    pub(super) ours: f64,
    pub(super) database: Option<f64>,
}

impl Sample {
    /// Reads the counters; the database's only where `postgres` says that it is one with processes of its own.
    pub(super) fn take(postgres: bool) -> Self {
        let ours = std::fs::read_to_string("/proc/self/stat").ok().and_then(|stat| seconds(&stat, Who::Itself));
        Self { ours: ours.unwrap_or(0.0), database: if postgres { postgres_seconds() } else { None } }
    }

    pub(super) fn since(&self, before: &Self) -> Self {
        let database = self.database.zip(before.database).map(|(now, then)| now - then);
        Self { ours: self.ours - before.ours, database }
    }
}

/// The most memory this process ever had, in MiB; 0 where the system does not say.
pub(super) fn peak_mib() -> f64 {
    status_mib("VmHWM:")
}

/// The memory this process has now, in MiB; 0 where the system does not say.
pub(super) fn resident_mib() -> f64 {
    status_mib("VmRSS:")
}

/// A line of `/proc/self/status`.
fn status_mib(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib: f64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
    kib / 1024.0
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Itself,
    WithEndedChildren,
}

/// utime + stime (+ cutime + cstime) of a stat line: fields 14–17, counted after the command in parentheses.
fn seconds(stat: &str, who: Who) -> Option<f64> {
    let (_, after) = stat.rsplit_once(')')?;
    let fields: Vec<f64> = after.split_whitespace().skip(11).take(4).filter_map(|field| field.parse().ok()).collect();
    let counted = if who == Who::Itself { 2 } else { 4 };
    (fields.len() == 4).then(|| fields.iter().take(counted).sum::<f64>() / TICKS)
}

fn postgres_seconds() -> Option<f64> {
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let stats = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    // A backend that ends hands its time to the postmaster, which is among them.
    let found: Vec<f64> = stats
        .filter(|stat| stat.contains("(postgres)"))
        .filter_map(|stat| seconds(&stat, Who::WithEndedChildren))
        .collect();
    if found.is_empty() { None } else { Some(found.iter().sum()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_the_command() {
        let line = "42 (a) b) S 1 1 1 0 -1 4194304 1 2 3 4 150 50 25 75 20 0 1 0 1";
        assert_eq!(seconds(line, Who::Itself), Some(2.0));
        assert_eq!(seconds(line, Who::WithEndedChildren), Some(3.0));
        assert_eq!(seconds("broken", Who::Itself), None);
    }
}
