//! Many calls at once, and never too many: the one place that bounds how many are in flight.

use futures_util::StreamExt;
use futures_util::stream;

/// How many are in flight at most.
///
/// The tightest of the documented rates is that of `RegisterTaskDefinition`, 20 at once and then one a second: so many wait
/// no longer than 7 s for their turn. At 30 ms a call they are 230 reads a second, more than ECS grants:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>. Lambda has 1,024 file descriptors:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
pub const AT_ONCE: usize = 7;

/// What all of them come to, in their order.
pub async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let numbered = futures.into_iter().enumerate().map(|(at, future)| async move { (at, future.await) });
    let mut done: Vec<(usize, F::Output)> = stream::iter(numbered).buffer_unordered(AT_ONCE).collect().await;
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::FutureExt;
    use futures_util::future::poll_fn;
    use std::task::Poll;

    use super::*;

    #[test]
    fn so_many_are_in_flight_and_what_they_come_to_has_their_order() {
        let (flying, most) = (Cell::new(0_usize), Cell::new(0));
        let one = |at: usize| {
            let (flying, most, mut polls) = (&flying, &most, 0);
            poll_fn(move |context| {
                if polls == 0 {
                    flying.set(flying.get() + 1);
                    most.set(most.get().max(flying.get()));
                }
                polls += 1;
                // Those that begin later end sooner.
                if polls > 3 - at % 3 {
                    flying.set(flying.get() - 1);
                    return Poll::Ready(at);
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
        };
        let mut all = Box::pin(all((0..100).map(one)));
        let done = (0..1000).find_map(|_| all.as_mut().now_or_never());
        assert_eq!(done.unwrap(), (0..100).collect::<Vec<_>>());
        assert_eq!((most.get(), flying.get()), (AT_ONCE, 0));
    }
}
