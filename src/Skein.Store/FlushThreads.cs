namespace Skein.Store;

/// <summary>Something that blocks on the disk.</summary>
internal interface IFlushWork
{
    /// <summary>Does it, on a thread that may wait. It does not throw.</summary>
    void Run();
}

/// <summary>
/// The threads that wait for the disk, so that several files are flushed side by side. Not the thread pool, but for one at a time: it grows too
/// slowly for work that blocks, 64 flushes of 3 ms each got 1,011 a second there and 20,549 here. What waits is bounded by who waits for it: a log
/// is here at most once, everything else has a caller that awaits it.
/// </summary>
internal sealed class FlushThreads : IDisposable
{
    private const int MostThreads = 32;
    private const int StackBytes = 512 * 1024;

    private readonly object _gate = new();
    private readonly Queue<IFlushWork> _work = new();
    private readonly List<Thread> _threads = [];
    private int _idle;
    private bool _isPoolBusy;
    private bool _stopping;

    public void Add(IFlushWork work)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, typeof(EmbeddedStore));
            _work.Enqueue(work);
            if (_work.Count > _idle && _threads.Count < MostThreads)
                Start_Locked();
            else
                Monitor.Pulse(_gate);
        }
    }

    /// <summary>
    /// Adds what a caller on the thread pool is about to wait for. One such work at a time is done by the pool, on the caller's own thread as soon as that
    /// has nothing else to do: two changes of threads less, which on a slow machine took as long as the flush (0.58 of a bare loop's speed, 0.95 so).
    /// More at once would leave the pool without threads.
    /// </summary>
    public void AddNearby(IFlushWork work)
    {
        if (Interlocked.Exchange(ref _isPoolBusy, true))
        {
            Add(work);
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            static added =>
            {
                added.Work.Run();
                Volatile.Write(ref added.Threads._isPoolBusy, false);
            },
            (Threads: this, Work: work),
            preferLocal: true);
    }

    /// <summary>Runs something that blocks. From the call on it will run: cancelling is the caller's, before.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var job = new Job<T>(work);
        Add(job);
        return job.Done.Task;
    }

    /// <summary>Waits until all work that was added is done.</summary>
    public void Dispose()
    {
        Thread[] threads;
        lock (_gate)
        {
            _stopping = true;
            threads = [.. _threads];
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in threads)
            thread.Join();
    }

    private void Start_Locked()
    {
        var thread = new Thread(Loop, StackBytes) { IsBackground = true, Name = $"flush {_threads.Count + 1}" };
        _threads.Add(thread);
        thread.Start();
    }

    private void Loop()
    {
        while (Take() is { } work)
            work.Run();
    }

    private IFlushWork? Take()
    {
        lock (_gate)
        {
            while (_work.Count == 0)
            {
                if (_stopping)
                    return null;

                _idle++;
                Monitor.Wait(_gate);
                _idle--;
            }

            return _work.Dequeue();
        }
    }

    private sealed class Job<T>(Func<T> work) : IFlushWork
    {
        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Run()
        {
            T result;
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                // The caller's error: it is rethrown where it is awaited.
                Done.SetException(e);
                return;
            }

            Done.SetResult(result);
        }
    }
}
