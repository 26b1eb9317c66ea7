//! Shamir's secret sharing (1979), octet by octet over GF(2⁸) with the polynomial of AES (FIPS 197 §4.2): the arithmetic of
//! draft-mcgrew-tss-03, whose test case is ours.
//!
//! Multiplication knows no tables and no branches, so that neither time nor cache tells anything of a share. Why this is our
//! own: docs/decisions/0010-shares-of-our-own.md.

use ca_core::entropy::{Entropy, EntropyUnavailable};
use zeroize::Zeroizing;

/// One value of the polynomials: where, and what. Wiped when dropped.
#[derive(Clone)]
pub(super) struct Point {
    /// The place, never 0: there stands the secret.
    pub(super) x: u8,
    /// One octet for each of the secret's.
    pub(super) y: Zeroizing<Vec<u8>>,
}

/// `of` points at 1, 2, 3 …, any `least` of which give `secret` back, and fewer of which say nothing about it.
///
/// # Errors
/// The source of randomness failed.
pub(super) fn split(secret: &[u8], least: u8, of: u8, entropy: &dyn Entropy) -> Result<Vec<Point>, EntropyUnavailable> {
    // One random polynomial an octet: its value at 0 is the octet, its other coefficients are drawn, 0 among them.
    let degrees = usize::from(least.saturating_sub(1));
    let mut coefficients = Zeroizing::new(vec![0u8; secret.len().saturating_mul(degrees)]);
    entropy.fill(&mut coefficients)?;
    let at = |x: u8| {
        let octets = secret.iter().enumerate().map(|(place, octet)| {
            let rest = coefficients.iter().skip(place.saturating_mul(degrees)).take(degrees);
            rest.fold(0, |value, coefficient| multiplied(value ^ coefficient, x)) ^ octet
        });
        // The full room at once: a growing vector would leave copies behind.
        let mut y = Zeroizing::new(Vec::with_capacity(secret.len()));
        y.extend(octets);
        Point { x, y }
    };
    Ok((1..=of).map(at).collect())
}

/// What stands at 0 of the polynomials through these points (Lagrange). `None` when two are at the same place, one is at 0,
/// their lengths differ, or there is none. Points of different secrets, or too few, give something else than either secret:
/// who asks must recognise the right one.
pub(super) fn combine(points: &[Point]) -> Option<Zeroizing<Vec<u8>>> {
    let length = points.first()?.y.len();
    let sound = |(place, point): (usize, &Point)| {
        let alone = points.iter().take(place).all(|other| other.x != point.x);
        point.x != 0 && point.y.len() == length && alone
    };
    if !points.iter().enumerate().all(sound) {
        return None;
    }
    let mut secret = Zeroizing::new(vec![0u8; length]);
    for point in points {
        let others = points.iter().filter(|other| other.x != point.x);
        let weight =
            others.fold(1, |weight, other| multiplied(weight, multiplied(other.x, inverse(other.x ^ point.x))));
        for (octet, value) in secret.iter_mut().zip(point.y.iter()) {
            *octet ^= multiplied(*value, weight);
        }
    }
    Some(secret)
}

/// The product in GF(2⁸) modulo x⁸ + x⁴ + x³ + x + 1, in the same steps for all values.
const fn multiplied(one: u8, other: u8) -> u8 {
    let (mut one, mut other, mut product) = (one, other, 0u8);
    let mut round = 0;
    while round < 8 {
        // 0xff where the lowest bit of `other` is set, 0 where not.
        product ^= one & 0u8.wrapping_sub(other & 1);
        let carried = 0u8.wrapping_sub(one >> 7);
        one = (one << 1) ^ (carried & 0x1b);
        other >>= 1;
        round += 1;
    }
    product
}

/// What `value` must be multiplied with to give 1: its 254th power. 0 for 0.
const fn inverse(value: u8) -> u8 {
    let (mut power, mut square) = (1, value);
    let mut round = 0;
    // 254 = 2 + 4 + 8 + … + 128.
    while round < 7 {
        square = multiplied(square, square);
        power = multiplied(power, square);
        round += 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::testing::CountingEntropy;
    use proptest::prelude::*;

    fn point(x: u8, y: &[u8]) -> Point {
        Point { x, y: Zeroizing::new(y.to_vec()) }
    }

    #[test]
    fn products_are_those_of_fips_197() {
        // §4.2 and §4.2.1.
        assert_eq!(multiplied(0x57, 0x83), 0xc1);
        assert_eq!(multiplied(0x57, 0x13), 0xfe);
        for (power, product) in [(0x02, 0xae), (0x04, 0x47), (0x08, 0x8e), (0x10, 0x07)] {
            assert_eq!(multiplied(0x57, power), product);
        }
        assert_eq!(inverse(0x53), 0xca);
        assert_eq!(inverse(0), 0);
        assert!((1..=255).all(|value| multiplied(value, inverse(value)) == 1));
    }

    #[test]
    fn the_case_of_the_draft_gives_its_secret() {
        // draft-mcgrew-tss-03 §9: "test" and a zero, two of two.
        let shares = [point(1, &[0xb9, 0xfa, 0x07, 0xe1, 0x85]), point(2, &[0xf5, 0x40, 0x9b, 0x45, 0x11])];
        assert_eq!(combine(&shares).unwrap().as_slice(), b"test\0");
    }

    #[test]
    fn the_polynomial_is_the_one_that_was_drawn() {
        struct Fixed;
        impl Entropy for Fixed {
            fn fill(&self, out: &mut [u8]) -> Result<(), EntropyUnavailable> {
                out.fill(2);
                Ok(())
            }
        }
        // 5 + 2x + 2x² over GF(2⁸), by hand.
        let points: Vec<(u8, u8)> = split(&[5], 3, 4, &Fixed).unwrap().iter().map(|p| (p.x, p.y[0])).collect();
        assert_eq!(points, [(1, 5), (2, 9), (3, 9), (4, 45)]);
    }

    #[test]
    fn places_that_make_no_sense_are_refused() {
        assert!(combine(&[]).is_none());
        assert!(combine(&[point(0, b"a"), point(1, b"b")]).is_none());
        assert!(combine(&[point(1, b"a"), point(2, b"b"), point(1, b"a")]).is_none());
        assert!(combine(&[point(1, b"a"), point(2, b"bc")]).is_none());
    }

    proptest! {
        #[test]
        fn every_subset_that_is_large_enough_gives_the_secret_and_no_smaller_one_does(
            secret in proptest::array::uniform32(any::<u8>()), least in 2u8..=5, more in 0u8..=3, seed: u64,
        ) {
            let of = least + more;
            let points = split(&secret, least, of, &CountingEntropy::seeded(seed >> 32)).unwrap();
            for chosen in 1u32..1 << of {
                let subset: Vec<Point> =
                    points.iter().filter(|point| chosen >> (point.x - 1) & 1 == 1).cloned().collect();
                let right = combine(&subset).unwrap().as_slice() == secret;
                prop_assert_eq!(right, subset.len() >= usize::from(least));
            }
        }

        #[test]
        fn one_share_fewer_fits_every_secret(secret: u8, other: u8, seed: u64) {
            // For each other secret there is a last share that makes the first one tell that secret.
            let points = split(&[secret], 2, 2, &CountingEntropy::seeded(seed >> 32)).unwrap();
            let fits = (0..=255).filter(|last| {
                combine(&[points[0].clone(), point(2, &[*last])]).unwrap().as_slice() == [other]
            });
            prop_assert_eq!(fits.count(), 1);
        }
    }
}
