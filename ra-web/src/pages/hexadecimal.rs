//! Octets as people compare them: AB:CD:… in capitals, as browsers and OpenSSL print fingerprints.

/// Returns the octets in capitals with colons.
pub(crate) fn grouped(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":")
}

/// Returns the number whose octets these are, most significant first, in decimal: how some programs print serial numbers.
pub(crate) fn decimal(octets: &[u8]) -> String {
    // Decimal digits, least significant first.
    let mut digits: Vec<u8> = vec![0];
    for octet in octets {
        let mut carry = u32::from(*octet);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(value % 10).unwrap_or(0);
            carry = value / 10;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 10).unwrap_or(0));
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0'.saturating_add(*digit))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_grouped_in_capitals() {
        assert_eq!(grouped(&[0x0a, 0xff]), "0A:FF");
    }

    #[test]
    fn large_numbers_are_written_in_decimal() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[0x12, 0x34, 0x56, 0x78, 0x90]), "78187493520");
        assert_eq!(decimal(&[0xff; 20]), "1461501637330902918203684832716283019655932542975");
    }
}
