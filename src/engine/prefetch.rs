//! Fetching memory before it is needed: at 10⁴ nodes and more an event waits longer for its nodes' state than it computes.
//!
//! A hint to the processor and nothing else: no value is read, and no result depends on it.

/// Bytes that a processor fetches at once.
const LINE: usize = 64;

/// Asks for the cache lines of `value`, so that they are there some events later.
#[inline(always)]
pub fn prefetch<T: ?Sized>(value: &T) {
    lines(std::ptr::from_ref(value).cast(), size_of_val(value));
}

/// Prefetch of the value at `index`, whether or not there is one: to look would cost more than to ask in vain.
#[inline(always)]
pub fn prefetch_at<T>(values: &[T], index: usize) {
    lines(values.as_ptr().wrapping_add(index).cast(), size_of::<T>());
}

#[inline(always)]
fn lines(start: *const u8, bytes: usize) {
    let mut offset = 0;
    while offset < bytes {
        line(start.wrapping_add(offset));
        offset += LINE;
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "the instruction has no safe wrapper in std; it cannot fault, whatever the address")]
fn line(address: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch reads nothing that the program can see and does not fault; SSE is part of x86-64.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn line(_address: *const u8) {}
