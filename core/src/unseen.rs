//! Characters that are not shown, and change how what is around them is: no text of anybody's may bring them to a terminal.

/// Control characters, soft hyphens, characters without a width, line separators, and changes of the direction of writing.
pub fn unseen(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
