namespace Skein.Store;

/// <summary>Something that blocks on the disk.</summary>
internal interface IFlushWork
{
    /// <summary>Does it, on a thread that may wait. It does not throw.</summary>
    /// <returns>Who is still to be told that it is done; null: whoever waited was told.</returns>
    IFlushWaiter? Run();
}

/// <summary>Somebody who waits for work on the disk.</summary>
internal interface IFlushWaiter
{
    /// <summary>Tells him that it is done.</summary>
    /// <param name="here">Whether he goes on on this thread, before this returns, or on the thread pool.</param>
    void Tell(bool here);
}

/// <summary>
/// The threads that wait for the disk, so that several files are flushed side by side. Not the thread pool, but for one at a time: it grows too
/// slowly for work that blocks, 64 flushes of 3 ms each got 1,011 a second there and 20,549 here. What waits is bounded by who waits for it: a log
/// is here at most once, everything else has a caller that awaits it. Who waited goes on on the thread pool; but where many flush at once, on the
/// thread that flushed for him: the pool, which has a thread for each core, would hold up his next flush.
/// </summary>
internal sealed class FlushThreads : IDisposable
{
    private const int MostThreads = 64;

    /// <summary>So many threads that flush at once are many.</summary>
    private const int Many = 8;

    [ThreadStatic]
    private static bool t_isOne;

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
    /// Adds what the caller is about to wait for, without a change of threads where it can be had: there and back took as long as the flush on a slow
    /// machine (0.58 of a bare loop's speed, 0.95 without). Who has a thread of his own waits for the disk himself, before this returns. On the thread
    /// pool one such work at a time is done on the caller's thread as soon as that has nothing else to do; more would leave the pool without threads.
    /// </summary>
    public void AddNearby(IFlushWork work)
    {
        var isOfPool = Thread.CurrentThread.IsThreadPoolThread;
        if (isOfPool && !Interlocked.Exchange(ref _isPoolBusy, true))
            ThreadPool.UnsafeQueueUserWorkItem(RunOnPool, (this, work), preferLocal: true);
        else if (isOfPool || t_isOne)
            Add(work);
        else
            work.Run()?.Tell(here: false);
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

    private static void RunOnPool((FlushThreads Threads, IFlushWork Work) added)
    {
        var waiter = added.Work.Run();

        // Before he goes on: his next append is done here as well.
        Volatile.Write(ref added.Threads._isPoolBusy, false);
        waiter?.Tell(here: true);
    }

    private void Start_Locked()
    {
        var thread = new Thread(Loop) { IsBackground = true, Name = $"flush {_threads.Count + 1}" };
        _threads.Add(thread);
        thread.Start();
    }

    private void Loop()
    {
        t_isOne = true;
        while (Take(out var areMany) is { } work)
            work.Run()?.Tell(here: areMany);
    }

    private IFlushWork? Take(out bool areMany)
    {
        lock (_gate)
        {
            while (_work.Count == 0)
            {
                areMany = false;
                if (_stopping)
                    return null;

                _idle++;
                Monitor.Wait(_gate);
                _idle--;
            }

            areMany = _threads.Count - _idle >= Many;
            return _work.Dequeue();
        }
    }

    private sealed class Job<T>(Func<T> work) : IFlushWork
    {
        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IFlushWaiter? Run()
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
                return null;
            }

            Done.SetResult(result);
            return null;
        }
    }
}
