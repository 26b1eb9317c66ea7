//! Generations of an authority. One authority of a policy pack (a *line*, such as `application-ca`) has one key after the
//! other; each is a generation, with a certificate, CRLs and a responder of its own. Which of them issues is a matter of
//! dates; those before it go on signing CRLs and OCSP answers until the last of their certificates ends.

use crate::id::{AuthorityId, IdError};
use crate::time::Timestamp;

/// One generation of an authority. Kept in the database beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// What the packs call the authority.
    pub line: AuthorityId,
    /// Which it is, from 1.
    pub number: u32,
    /// From when it issues.
    pub issues_from: Timestamp,
}

/// What a generation does at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Its time has not come: it signs CRLs and OCSP answers, and is issued nothing by.
    Waiting,
    /// It issues.
    Issuing,
    /// A later one issues; it still says what became of its own certificates.
    Retired,
}

impl Generation {
    /// The first of its line.
    pub const fn first(line: AuthorityId, issues_from: Timestamp) -> Self {
        Self { line, number: 1, issues_from }
    }

    /// The one after it, issuing from `issues_from`.
    #[must_use]
    pub fn next(&self, issues_from: Timestamp) -> Self {
        Self { line: self.line.clone(), number: self.number.saturating_add(1), issues_from }
    }

    /// The id of the authority it is: its line's for the first, `application-ca-g2` for the second. Errors: too long.
    pub fn id(&self) -> Result<AuthorityId, IdError> {
        match self.number {
            1 => Ok(self.line.clone()),
            number => AuthorityId::parse(&format!("{}-g{number}", self.line)),
        }
    }

    /// Of `all` generations, whatever their line, the one that issues for `line` at `now`: the last whose time has come.
    pub fn issuing<'a>(
        all: impl IntoIterator<Item = &'a Self>,
        line: &AuthorityId,
        now: Timestamp,
    ) -> Option<&'a Self> {
        let begun = all.into_iter().filter(|one| one.line == *line && one.issues_from <= now);
        begun.max_by_key(|one| (one.issues_from, one.number))
    }

    /// What it does at `now`, among `all`.
    pub fn standing<'a>(&self, all: impl IntoIterator<Item = &'a Self>, now: Timestamp) -> Standing {
        if self.issues_from > now {
            return Standing::Waiting;
        }
        match Self::issuing(all, &self.line, now) {
            Some(issuing) if issuing.number != self.number => Standing::Retired,
            _ => Standing::Issuing,
        }
    }
}

impl Standing {
    /// `waiting`, `issuing`, `retired`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Issuing => "issuing",
            Self::Retired => "retired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn line(name: &str) -> AuthorityId {
        AuthorityId::parse(name).unwrap()
    }

    #[test]
    fn generation_invariants() {
        let first = Generation::first(line("root"), at(0));
        let second = first.next(at(10));
        assert_eq!((first.id().unwrap().as_str(), second.id().unwrap().as_str()), ("root", "root-g2"));
        assert!(Generation::first(line(&"a".repeat(62)), at(0)).next(at(0)).id().is_err());
    }

    #[test]
    fn the_date_chooses_who_issues() {
        let first = Generation::first(line("root"), at(100));
        let second = first.next(at(200));
        let other = Generation::first(line("other"), at(300));
        let all = [second.clone(), other.clone(), first.clone()];
        let standings = |now| [&first, &second, &other].map(|one| one.standing(&all, at(now)));
        use Standing::{Issuing, Retired, Waiting};
        assert_eq!(standings(99), [Waiting, Waiting, Waiting]);
        assert_eq!(standings(100), [Issuing, Waiting, Waiting]);
        assert_eq!(standings(199), [Issuing, Waiting, Waiting]);
        assert_eq!(standings(200), [Retired, Issuing, Waiting]);
        assert_eq!(standings(300), [Retired, Issuing, Issuing]);
        assert_eq!(Generation::issuing(&all, &line("root"), at(99)), None);
        assert_eq!(Generation::issuing(&all, &line("root"), at(250)), Some(&second));
    }

    #[test]
    fn of_two_that_begin_at_once_the_later_issues() {
        let first = Generation::first(line("root"), at(100));
        let second = first.next(at(100));
        let all = [first.clone(), second.clone()];
        assert_eq!(first.standing(&all, at(100)), Standing::Retired);
        assert_eq!(second.standing(&all, at(100)), Standing::Issuing);
    }
}
