//! Keys that are well formed and still must not be certified (BR 6.1.1.3, 6.1.6). Each check is cheap enough to run on
//! every request: sizes, exponent, small factors, the ROCA pattern and a hundred Fermat rounds.

use num_bigint::BigUint;

/// Smallest RSA modulus certified, in bits (BR 6.1.5).
const LEAST_RSA_BITS: usize = 2048;
/// Largest RSA modulus certified, in bits.
const MOST_RSA_BITS: usize = 4096;
/// Fermat rounds against primes that are too close (BR 6.1.1.3: at least 100).
const FERMAT_ROUNDS: u32 = 100;

/// Why a key is too weak.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// The RSA modulus is shorter or longer than accepted, in bits.
    #[error("an RSA key of {bits} bits; {least} to {most} are accepted")]
    RsaSize {
        /// Bits found.
        bits: usize,
        /// Fewest accepted.
        least: usize,
        /// Most accepted.
        most: usize,
    },
    /// The public exponent is even, below 65537 or above 2^64.
    #[error("the RSA public exponent is not an odd number from 65537")]
    Exponent,
    /// The modulus has a small prime factor.
    #[error("the RSA modulus is divisible by {0}")]
    SmallFactor(u32),
    /// The modulus has the mark of the Infineon generator (ROCA, CVE-2017-15361).
    #[error("the RSA key was made by a generator with a known fault (ROCA)")]
    Roca,
    /// The two primes are so close that the modulus can be factored (Fermat).
    #[error("the two primes of the RSA key are too close")]
    ClosePrimes,
}

/// Errors when an RSA key with this modulus and exponent (big-endian) is too weak.
pub(super) fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), WeakKey> {
    let leading = modulus.first().map_or(0, |first| first.leading_zeros());
    let bits = modulus.len().saturating_mul(8).saturating_sub(usize::try_from(leading).unwrap_or(0));
    if !(LEAST_RSA_BITS..=MOST_RSA_BITS).contains(&bits) {
        return Err(WeakKey::RsaSize { bits, least: LEAST_RSA_BITS, most: MOST_RSA_BITS });
    }
    let value = exponent.iter().take(9).fold(0u128, |value, octet| (value << 8) | u128::from(*octet));
    if exponent.len() > 8 || value < 65_537 || value % 2 == 0 {
        return Err(WeakKey::Exponent);
    }
    let remainders = Remainders::of(modulus);
    if let Some(prime) = remainders.small_factor() {
        return Err(WeakKey::SmallFactor(prime));
    }
    if remainders.has_roca_mark() {
        return Err(WeakKey::Roca);
    }
    if fermat_factors(modulus, FERMAT_ROUNDS) { Err(WeakKey::ClosePrimes) } else { Ok(()) }
}

/// The odd primes to 167: those of the ROCA fingerprint, and enough to catch moduli that are not products of two primes.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// The modulus modulo each of [`PRIMES`], in their order.
struct Remainders([u32; PRIMES.len()]);

impl Remainders {
    fn of(modulus: &[u8]) -> Self {
        let mut remainders = [0u32; PRIMES.len()];
        // Four primes at a time: their product fits a word, so the long division runs ten times and not 38 times.
        for (primes, remainders) in PRIMES.chunks(4).zip(remainders.chunks_mut(4)) {
            let product: u64 = primes.iter().copied().map(u64::from).product();
            let remainder = modulus.rchunks(4).rev().fold(0u64, |remainder, word| {
                word.iter().fold(remainder, |value, octet| (value << 8) | u64::from(*octet)) % product
            });
            for (prime, to) in primes.iter().zip(remainders) {
                *to = u32::try_from(remainder % u64::from(*prime)).unwrap_or(0);
            }
        }
        Self(remainders)
    }

    fn small_factor(&self) -> Option<u32> {
        PRIMES.into_iter().zip(self.0).find(|(_, remainder)| *remainder == 0).map(|(prime, _)| prime)
    }

    /// ROCA primes are k·M + (65537^a mod M), so the modulus is a power of 65537 modulo every small prime (Nemec et al.,
    /// "The Return of Coppersmith's Attack", 2017). By chance an honest modulus passes all with about 2^-27.
    fn has_roca_mark(&self) -> bool {
        PRIMES.into_iter().zip(self.0).all(|(prime, remainder)| {
            let generator = 65_537 % prime;
            let mut power = 1u32;
            (0..prime).any(|_| {
                power = power * generator % prime;
                power == remainder
            })
        })
    }
}

/// Whether Fermat's method factors the modulus within `rounds` steps: n = a² − b² for an a just above its square root.
fn fermat_factors(modulus: &[u8], rounds: u32) -> bool {
    let n = BigUint::from_bytes_be(modulus);
    let root = n.sqrt();
    let remainder = &n - &root * &root;
    if remainder.bits() == 0 {
        return true;
    }
    // a = root + 1, so b² = a² − n = 2·root + 1 − remainder; the next a adds 2a + 1.
    let mut step = (&root << 1u8) + 1u8;
    let mut square = &step - &remainder;
    for _ in 0..rounds {
        if is_square(&square) {
            return true;
        }
        step += 2u8;
        square += &step;
    }
    false
}

/// Whether the number is a perfect square. Residues rule out 99 of 100 before a root is taken.
fn is_square(number: &BigUint) -> bool {
    const MODULI: [u32; 4] = [63, 65, 11, 17];
    const PRODUCT: u32 = 63 * 65 * 11 * 17;
    const SQUARES: [u128; 4] = [squares(63), squares(65), squares(11), squares(17)];
    const SQUARES_64: u128 = squares(64);
    if SQUARES_64 >> (number.iter_u64_digits().next().unwrap_or(0) % 64) & 1 == 0 {
        return false;
    }
    let residue = u32::try_from(number % PRODUCT).unwrap_or(0);
    let may_be = MODULI.iter().zip(SQUARES).all(|(modulus, squares)| squares >> (residue % modulus) & 1 == 1);
    may_be && {
        let root = number.sqrt();
        &root * &root == *number
    }
}

/// Bit r is set when r is a square modulo `modulus`, which is below 128.
const fn squares(modulus: u32) -> u128 {
    let (mut found, mut x) = (0u128, 0u32);
    while x < modulus {
        found |= 1 << (x * x % modulus);
        x += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const E: [u8; 3] = [1, 0, 1];

    fn modulus(p: &BigUint, q: &BigUint) -> Vec<u8> {
        (p * q).to_bytes_be()
    }

    /// An odd number of 1024 bits with no factor up to 167; enough for checks that look at nothing else.
    fn rough(seed: u32) -> BigUint {
        let mut number: BigUint = (BigUint::from(3u8) << 1022u32) + BigUint::from(seed);
        while PRIMES.iter().any(|prime| (&number % *prime).bits() == 0) || (&number % 2u8).bits() == 0 {
            number += 1u8;
        }
        number
    }

    #[test]
    fn an_ordinary_modulus_passes() {
        let far = rough(7) + (rough(11) >> 3u8);
        let far =
            (0u32..).map(|i| &far + i).find(|n| PRIMES.iter().all(|p| (n % *p).bits() > 0) && (n % 2u8).bits() > 0);
        assert_eq!(check_rsa(&modulus(&rough(7), &far.unwrap()), &E), Ok(()));
    }

    #[test]
    fn size_and_exponent_are_held() {
        let fine = modulus(&rough(7), &(rough(9) + (BigUint::from(5u8) << 1000u32)));
        for (bits, octets) in [(2047, [&[0x7f][..], &[1; 255]].concat()), (4097, [&[1][..], &[1; 512]].concat())] {
            assert_eq!(check_rsa(&octets, &E), Err(WeakKey::RsaSize { bits, least: 2048, most: 4096 }));
        }
        for exponent in [&[3u8][..], &[1, 0, 0], &[1, 0, 0, 0, 0, 0, 0, 0, 1]] {
            assert_eq!(check_rsa(&fine, exponent), Err(WeakKey::Exponent), "{exponent:?}");
        }
    }

    #[test]
    fn close_primes_are_found() {
        assert!(check_rsa(&modulus(&rough(7), &(rough(7) + 64u8)), &E).is_err());
        let p = rough(1_000);
        let q = rough(2_000_000);
        assert_eq!(check_rsa(&modulus(&p, &q), &E), Err(WeakKey::ClosePrimes));
        assert_eq!(check_rsa(&modulus(&p, &p), &E), Err(WeakKey::ClosePrimes));
    }

    #[test]
    fn a_small_factor_is_found() {
        let three = BigUint::from(3u8) * rough(5);
        assert_eq!(check_rsa(&modulus(&three, &rough(7)), &E), Err(WeakKey::SmallFactor(3)));
    }

    #[test]
    fn the_roca_mark_is_found() {
        // A modulus that is 1 modulo every small prime is a power of 65537 modulo each of them.
        let product = PRIMES.iter().fold(BigUint::from(2u8), |product, prime| product * *prime);
        let marked = &product * ((BigUint::from(3u8) << (2047 - u32::try_from(product.bits()).unwrap())) + 1u8) + 1u8;
        assert_eq!(check_rsa(&marked.to_bytes_be(), &E), Err(WeakKey::Roca));
    }

    #[test]
    fn squares_are_recognised_and_their_neighbours_are_not() {
        for root in (1u32..500).chain(65_536..65_800) {
            let square = BigUint::from(root) * root;
            assert!(is_square(&square), "{root}");
            assert!(!is_square(&(&square + 1u8)) && !is_square(&(&square + 2u8)), "{root}");
        }
    }

    #[test]
    fn remainders_are_those_of_the_long_division() {
        for octets in [256usize, 257, 384, 511] {
            let number = vec![0xc5; octets];
            let expected = PRIMES.map(|prime| u32::try_from(BigUint::from_bytes_be(&number) % prime).unwrap());
            assert_eq!(Remainders::of(&number).0, expected);
        }
    }
}
