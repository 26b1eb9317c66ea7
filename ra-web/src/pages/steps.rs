//! Where something stands on its way: 申請 → 承認 → 発行. Fragment: `_steps.html`.

/// A row of steps.
pub(crate) struct Steps {
    /// The text key of what the row is about.
    pub(crate) label: &'static str,
    /// The steps in order.
    pub(crate) steps: Vec<Step>,
}

/// One step.
pub(crate) struct Step {
    /// The text key of its name.
    pub(crate) name: &'static str,
    /// Where it stands.
    pub(crate) state: StepState,
}

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepState {
    /// Behind us.
    Done,
    /// Here we are.
    Now,
    /// It goes no further.
    Stopped,
    /// Still to come.
    Waiting,
}

impl StepState {
    /// Returns the suffix of the class.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Stopped => "stopped",
            Self::Waiting => "waiting",
        }
    }

    /// Returns the text key of the state, so that it is said in words too.
    pub(crate) fn text_key(self) -> &'static str {
        match self {
            Self::Done => "step-done",
            Self::Now => "step-current",
            Self::Stopped => "step-stopped",
            Self::Waiting => "step-waiting",
        }
    }

    /// Returns true for the step we are at.
    pub(crate) fn is_current(self) -> bool {
        matches!(self, Self::Now | Self::Stopped)
    }
}

impl Steps {
    /// Returns named steps with their states.
    pub(crate) fn new(label: &'static str, steps: [(&'static str, StepState); 3]) -> Self {
        Self { label, steps: steps.into_iter().map(|(name, state)| Step { name, state }).collect() }
    }
}
