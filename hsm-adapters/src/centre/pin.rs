//! The PIN of a PKCS#12: drawn, never chosen, printed on a slip and typed once or twice by the holder.
//!
//! Digits only: a Japanese keyboard may be in full width or in capitals, a slip may be read over the telephone, and digits
//! survive all three. Twenty of them are 66 bits. The file can be guessed at offline for as long as the key matters, so the
//! PIN must stand alone: with the rounds of the PKCS#12 (2^16.6) a guesser works through 2^83 digests.

use ca_core::entropy::{Entropy, EntropyUnavailable};
use zeroize::Zeroizing;

/// How many digits a PIN has.
const DIGITS: usize = 20;

/// Digits in a group on the slip.
const GROUP: usize = 4;

/// A PIN. Wiped when dropped; no `Debug` and no `Display`, so that it cannot reach a log.
pub struct Pin(Zeroizing<String>);

/// Text that is no PIN of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has {DIGITS} digits")]
pub struct PinError;

impl Pin {
    /// A new PIN of 20 random digits, each equally likely.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn drawn(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut digits = Zeroizing::new(String::with_capacity(DIGITS));
        let mut octets = Zeroizing::new([0u8; DIGITS]);
        while digits.len() < DIGITS {
            entropy.fill(octets.as_mut_slice())?;
            // 250 to 255 are drawn again: with them 0 to 5 would be likelier than 6 to 9.
            let fair = octets.iter().filter(|octet| **octet < 250).map(|octet| char::from(b'0' + octet % 10));
            for digit in fair.take(DIGITS.saturating_sub(digits.len())) {
                digits.push(digit);
            }
        }
        Ok(Self(digits))
    }

    /// A PIN that was kept (sealed by the [`Vault`](super::Vault)) or typed; spaces are skipped.
    ///
    /// # Errors
    /// [`PinError`] when it is anything but 20 digits.
    pub fn parse(text: &str) -> Result<Self, PinError> {
        let mut digits = Zeroizing::new(String::with_capacity(DIGITS));
        for letter in text.chars().filter(|letter| *letter != ' ') {
            if !letter.is_ascii_digit() || digits.len() >= DIGITS {
                return Err(PinError);
            }
            digits.push(letter);
        }
        if digits.len() == DIGITS { Ok(Self(digits)) } else { Err(PinError) }
    }

    /// The digits without spaces, as the PKCS#12 is sealed with them.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The digits in five groups of four, for the slip: `1234 5678 …`. The spaces are not typed.
    pub fn spaced(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(DIGITS + DIGITS / GROUP));
        for (index, digit) in self.0.chars().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push(' ');
            }
            text.push(digit);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Counts through all octets.
    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, out: &mut [u8]) -> Result<(), EntropyUnavailable> {
            out.iter_mut().for_each(|octet| *octet = self.0.fetch_add(1, Ordering::Relaxed));
            Ok(())
        }
    }

    struct Broken;

    impl Entropy for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyUnavailable> {
            Err(EntropyUnavailable)
        }
    }

    #[test]
    fn pin_invariants() {
        let digits = "01234567890123456789";
        assert_eq!(Pin::parse(digits).ok().unwrap().digits(), digits);
        assert_eq!(Pin::parse("0123 4567 8901 2345 6789").ok().unwrap().digits(), digits);
        for wrong in
            ["", "0123456789012345678", "012345678901234567890", "0123456789012345678x", "０1234567890123456789"]
        {
            assert_eq!(Pin::parse(wrong).err(), Some(PinError), "{wrong}");
        }
    }

    #[test]
    fn a_pin_on_the_slip_reads_back() {
        let pin = Pin::drawn(&Counting(AtomicU8::new(0))).ok().unwrap();
        assert_eq!(pin.spaced().as_str(), "0123 4567 8901 2345 6789");
        assert_eq!(Pin::parse(&pin.spaced()).ok().unwrap().digits(), pin.digits());
    }

    #[test]
    fn every_digit_is_equally_likely() {
        // Two hundred and fifty-six octets, each once, of which six are drawn again.
        let entropy = Counting(AtomicU8::new(246));
        assert_eq!(Pin::drawn(&entropy).ok().unwrap().digits(), "67890123456789012345");
    }

    #[test]
    fn without_randomness_there_is_no_pin() {
        assert_eq!(Pin::drawn(&Broken).err(), Some(EntropyUnavailable));
    }
}
