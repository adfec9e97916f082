using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Skein.EndToEnd;

/// <summary>A program that was started and is watched line by line.</summary>
public sealed class RunningProgram : IDisposable
{
    private readonly Process _process;
    private readonly User _user;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _out = new();
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _disposed;

    public RunningProgram(Process process, User user)
    {
        _process = process;
        _user = user;
        _reading = ReadAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    public int Pid => _process.Id;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>The next line of its standard output; null at its end.</summary>
    public async Task<string?> LineAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        return await _lines.Reader.WaitToReadAsync(cancellationToken) ? await _lines.Reader.ReadAsync(cancellationToken) : null;
    }

    /// <summary>Reads events, one a line, up to the first of a type.</summary>
    /// <returns>All that were read.</returns>
    public async Task<List<JsonElement>> EventsUntilAsync(string type)
    {
        var events = new List<JsonElement>();
        while (await LineAsync() is { } line)
        {
            events.Add(JsonElement.Parse(line));
            if (events[^1].GetProperty("type").GetString() == type)
                return events;
        }

        Assert.Fail($"It ended before '{type}': {await EndAsync()}\n{string.Join('\n', events)}");
        return events;
    }

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, Pid.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Kill() => _process.Kill();

    public async Task<ProgramRun> EndAsync()
    {
        try
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
            await _reading.WaitAsync(TestContext.Current.CancellationToken);
            return new ProgramRun(_process.ExitCode, _out.ToString(), await _errors.WaitAsync(TestContext.Current.CancellationToken));
        }
        catch (OperationCanceledException)
        {
            var log = Path.Combine(_user.Home, "server.log");
            throw new TimeoutException(
                $"'{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)}' did not end. It said:\n{_out}\n"
                + $"The server said:\n{(File.Exists(log) ? await File.ReadAllTextAsync(log) : "nothing")}");
        }
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>Waits until it has said something, which need not be a line.</summary>
    public async Task SaidAsync(string text)
    {
        while (true)
        {
            Task more;
            lock (_out)
            {
                if (_out.ToString().Contains(text, StringComparison.Ordinal))
                    return;
                more = _more.Task;
            }

            Assert.False(_reading.IsCompleted, $"It ended without saying '{text}':\n{_out}");
            await more.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        var line = new StringBuilder();
        int count;
        do
        {
            count = await _process.StandardOutput.ReadAsync(buffer);
            foreach (var c in buffer.AsSpan(0, count))
            {
                if (c != '\n')
                    line.Append(c);
                else
                    _lines.Writer.TryWrite(line.ToString());
                if (c == '\n')
                    line.Clear();
            }

            lock (_out)
            {
                _out.Append(buffer, 0, count);
                _more.SetResult();
                _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
        while (count > 0);

        if (line.Length > 0)
            _lines.Writer.TryWrite(line.ToString());
        _lines.Writer.Complete();
    }
}
