//! What has changed from one bundle to a later one, in a file of its own, and the later one made of the earlier and that. The
//! manifest in a delta is the later bundle's: what comes out is opened and judged like any bundle, so a delta needs no
//! signature of its own and no trust.

use super::reader::{Bundle, Octets};
use super::record::Record;
use super::writer::BundleWriter;
use super::{BundleError, Manifest, SealJudge};
use std::cmp::Ordering;
use std::fs::File;
use std::iter::Peekable;
use std::sync::Arc;

/// A delta, read.
pub struct Delta(Bundle);

/// Writes into an empty file what `later` has that `earlier` has not. Durable on return; says how many artefacts are in it.
///
/// # Errors
/// The disk; [`BundleError::Index`] and [`BundleError::Altered`] when one of the bundles is not what was signed.
pub fn write_delta(earlier: &Bundle, later: &Bundle, into: File) -> Result<u64, BundleError> {
    let mut writer = BundleWriter::begin(into)?;
    let (mut removed, mut count) = (Vec::new(), 0u64);
    for pair in Pairs::of(earlier, later) {
        match pair? {
            (Some(old), None) => removed.push(old.key),
            (Some(old), Some(new)) if old.is_same_as(&new) => {}
            (_, Some(new)) => {
                writer.add_again(&new, later.reader(&new))?;
                count = count.saturating_add(1);
            }
            (None, None) => {}
        }
    }
    let (text, seal) = later.signed.as_ref();
    writer.finish_as((text, seal), Some((earlier.manifest().number, &removed)))?;
    Ok(count)
}

impl Delta {
    /// Opens a delta; what it makes is judged when it is made.
    ///
    /// # Errors
    /// [`BundleError`]; a complete bundle is malformed here.
    pub fn open(octets: Arc<dyn Octets>, judge: SealJudge<'_>) -> Result<Self, BundleError> {
        let bundle = Bundle::begun(octets, judge)?;
        if bundle.layout.base.is_none() {
            return Err(BundleError::Malformed("it is no delta"));
        }
        Ok(Self(bundle))
    }

    /// What was signed about the bundle it makes.
    pub fn manifest(&self) -> &Manifest {
        self.0.manifest()
    }

    /// The number of the bundle it builds on.
    pub fn base(&self) -> u64 {
        self.0.layout.base.unwrap_or_default()
    }

    /// Writes the later bundle into an empty file. Durable on return. `earlier` is the bundle it builds on, or one in between that
    /// was made of it.
    ///
    /// # Errors
    /// [`BundleError::AnotherBase`]; the disk; [`BundleError::Altered`]. What a delta that lies makes is refused when it is opened.
    pub fn apply(&self, earlier: &Bundle, into: File) -> Result<(), BundleError> {
        let held = earlier.manifest().number;
        if !(self.base()..self.manifest().number).contains(&held) || earlier.manifest().origin != self.manifest().origin
        {
            return Err(BundleError::AnotherBase { base: self.base(), held });
        }
        let mut removed = self.0.removed()?;
        removed.sort_unstable();
        let mut writer = BundleWriter::begin(into)?;
        for pair in Pairs::of(earlier, &self.0) {
            match pair? {
                (_, Some(new)) => writer.add_again(&new, self.0.reader(&new))?,
                (Some(old), None) if removed.binary_search(&old.key).is_err() => {
                    writer.add_again(&old, earlier.reader(&old))?;
                }
                (Some(_) | None, None) => {}
            }
        }
        let (text, seal) = self.0.signed.as_ref();
        writer.finish_as((text, seal), None)
    }
}

/// The lines of two indexes side by side: those of one key together.
pub(super) struct Pairs<'a> {
    earlier: Peekable<Lines<'a>>,
    later: Peekable<Lines<'a>>,
}

type Lines<'a> = Box<dyn Iterator<Item = Result<Record, BundleError>> + 'a>;

impl<'a> Pairs<'a> {
    pub(super) fn of(earlier: &'a Bundle, later: &'a Bundle) -> Self {
        let lines = |bundle: &'a Bundle| -> Lines<'a> { Box::new(bundle.records()) };
        Self { earlier: lines(earlier).peekable(), later: lines(later).peekable() }
    }
}

impl Iterator for Pairs<'_> {
    type Item = Result<(Option<Record>, Option<Record>), BundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.earlier.peek(), self.later.peek()) {
            (None, None) => return None,
            (Some(Ok(earlier)), Some(Ok(later))) => earlier.key.cmp(&later.key),
            (Some(_), None) | (Some(Err(_)), _) => Ordering::Less,
            (None, Some(_)) | (_, Some(Err(_))) => Ordering::Greater,
        };
        let earlier = if order.is_le() { self.earlier.next().transpose() } else { Ok(None) };
        let later = if order.is_ge() { self.later.next().transpose() } else { Ok(None) };
        Some(earlier.and_then(|earlier| Ok((earlier, later?))))
    }
}
