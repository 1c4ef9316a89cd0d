//! Prefetching: with 10⁴ nodes and more, an event spends more time on cache misses of its nodes' state than on
//! computing.
//!
//! A hint to the processor only: no value is read, and no result depends on it.

/// Cache line size in bytes.
const LINE: usize = 64;

/// Prefetches the cache lines of `value`, for use some events later.
#[inline(always)]
pub fn prefetch<T: ?Sized>(value: &T) {
    lines(std::ptr::from_ref(value).cast(), size_of_val(value));
}

/// Prefetches the value at `index`, whether or not there is one: a bounds check would cost more than a useless
/// prefetch.
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
