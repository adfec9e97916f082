using Skein.Sandbox;
using Skein.Sandbox.Confining;

namespace Skein.Agent.Tools.Jobs;

/// <summary>The background jobs of a session; all end with it. Safe for use by many threads.</summary>
internal sealed class JobList : IAsyncDisposable
{
    private const int MostRunning = 10;
    private const int MostKept = 50;

    private readonly Lock _lock = new();
    private readonly List<Job> _jobs = [];
    private int _last;
    private bool _isClosed;

    public IReadOnlyList<Job> All
    {
        get
        {
            lock (_lock)
                return [.. _jobs];
        }
    }

    public bool AnyRuns => All.Any(static job => job.Runs);

    /// <param name="held">What it must not leave behind.</param>
    /// <param name="start">Starts it; not called where there are too many.</param>
    /// <exception cref="ToolInputException">There are too many, or the session ends.</exception>
    public async Task<Job> StartAsync(string command, HeldBack held, Func<ChildProcess> start)
    {
        Job started;
        Job? forgotten;
        lock (_lock)
        {
            if (_isClosed)
                throw new ToolInputException("The session ends: no job is started any more.");
            if (_jobs.Count(static job => job.Runs) >= MostRunning)
                throw new ToolInputException($"{MostRunning} jobs run already: end one of them with the tool 'job' first.");

            started = new Job(++_last, command, start(), held);
            _jobs.Add(started);
            forgotten = _jobs.Count > MostKept ? _jobs.Find(static job => !job.Runs) : null;
            if (forgotten is not null)
                _jobs.Remove(forgotten);
        }

        if (forgotten is not null)
            await forgotten.DisposeAsync();
        return started;
    }

    /// <exception cref="ToolInputException">There is none of that number.</exception>
    public Job Get(int number) => All.FirstOrDefault(job => job.Number == number)
        ?? throw new ToolInputException(All.Count == 0 ? "There are no jobs in this session since its server was started." : $"There is no job {number}; there are: {string.Join(", ", All.Select(static j => j.Number))}.");

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _isClosed = true;
        foreach (var job in All)
            await job.DisposeAsync();
    }
}
