//! gzip without compression, which no reader of packs may look through.

/// One gzip member that holds `bytes` in one stored block: at most 65,535 of them.
pub(crate) fn member(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a stored block holds 65,535 bytes");
    let head: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    let size = u32::from(length).to_le_bytes();
    [head, &length.to_le_bytes(), &(!length).to_le_bytes(), bytes, &crc32(bytes).to_le_bytes(), &size].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_value_is_that_of_gzip() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
