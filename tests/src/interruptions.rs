//! Faults for the program under test: at one commit, named by its step, the process is killed (a real SIGKILL by itself, so
//! that nothing is flushed or said) or the database seems to fail, before the commit (nothing persisted) or after it
//! (everything persisted, the answer lost).

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{Interrupt, Interruption, Step};

/// On which side of a commit the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nothing of the transaction is durable.
    Before,
    /// All of it is, and nobody was told.
    After,
}

/// What strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// `kill -9` of the process.
    Kill,
    /// The database fails.
    Fail,
}

/// One fault: which step, which occurrence of it, which side, which blow. Its text travels on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The durable step.
    pub step: Step,
    /// Which of its commits: 1 is the first after the start.
    pub occurrence: u32,
    /// Before or after it.
    pub side: Side,
    /// Kill or fail.
    pub blow: Blow,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}:{:?}:{:?}", self.step, self.occurrence, self.side, self.blow)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no = || format!("{text:?} is no fault; STEP:OCCURRENCE:Before|After:Kill|Fail");
        let [step, occurrence, side, blow] = text.split(':').collect::<Vec<_>>().try_into().map_err(|_| no())?;
        Ok(Self {
            step: Step::ALL.into_iter().find(|known| format!("{known:?}") == step).ok_or_else(no)?,
            occurrence: occurrence.parse().map_err(|_| no())?,
            side: [Side::Before, Side::After].into_iter().find(|s| format!("{s:?}") == side).ok_or_else(no)?,
            blow: [Blow::Kill, Blow::Fail].into_iter().find(|b| format!("{b:?}") == blow).ok_or_else(no)?,
        })
    }
}

/// Strikes once.
pub struct Striking {
    fault: Fault,
    seen: AtomicU32,
}

impl Striking {
    /// Will strike as `fault` says.
    pub const fn new(fault: Fault) -> Self {
        Self { fault, seen: AtomicU32::new(0) }
    }

    fn reached(&self, side: Side) -> Interrupt {
        if side != self.fault.side {
            return Interrupt::Continue;
        }
        let seen = self.seen.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        if seen != self.fault.occurrence {
            return Interrupt::Continue;
        }
        match self.fault.blow {
            Blow::Fail => Interrupt::Fail,
            Blow::Kill => kill_myself(),
        }
    }
}

impl Interruption for Striking {
    fn before_commit(&self, step: Step) -> Interrupt {
        if step == self.fault.step { self.reached(Side::Before) } else { Interrupt::Continue }
    }

    fn after_commit(&self, step: Step) -> Interrupt {
        if step == self.fault.step { self.reached(Side::After) } else { Interrupt::Continue }
    }
}

/// SIGKILL from outside the process's own code: no destructor, no flush, no last word.
fn kill_myself() -> ! {
    let me = std::process::id().to_string();
    loop {
        drop(std::process::Command::new("kill").args(["-9", &me]).status());
    }
}
