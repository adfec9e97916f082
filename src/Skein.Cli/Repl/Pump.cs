using System.Collections.Concurrent;

namespace Skein.Cli.Repl;

/// <summary>
/// One thread to which all that happens comes, in turn: keys, what the server says, what was awaited. So nothing of the REPL needs a lock.
/// </summary>
internal sealed class Pump : SynchronizationContext, IDisposable
{
    // Whoever waits for something has one entry at most in it, and nobody types faster than keys are taken: it needs no bound.
    private readonly BlockingCollection<(SendOrPostCallback Act, object? State)> _work = [];

    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            _work.Add((d, state));
        }
        catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException)
        {
            // It is over: nobody is left who would look at it.
        }
    }

    public void Post(Action act) => Post(static state => ((Action)state!)(), act);

    /// <summary>Carries out what comes, on this thread, until a task is over.</summary>
    /// <param name="between">Called before each thing, with whether there was one since; says how long it can do without being called again.</param>
    public void Run(Func<Task> main, Func<bool, TimeSpan> between)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            var task = main();
            task.ContinueWith(_ => Post(static _ => { }, null), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            var acted = true;
            while (!task.IsCompleted)
            {
                acted = _work.TryTake(out var next, between(acted));
                if (acted)
                    next.Act(next.State);
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public void Dispose() => _work.Dispose();
}
