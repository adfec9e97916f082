using System.Globalization;
using System.Text;
using Skein.Core.Files;
using Skein.Sandbox;

namespace Skein.Agent.Checkpoints;

/// <summary>The contents of objects of a repository, one after the other.</summary>
/// <param name="git"><c>git cat-file --batch</c>, started; disposed with this.</param>
internal sealed class GitObjects(ChildProcess git) : IAsyncDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _first;
    private int _end;

    /// <summary>Copies the content of one.</summary>
    /// <exception cref="CheckpointException">There is no such object.</exception>
    public async Task CopyAsync(string name, Stream to, CancellationToken cancellationToken)
    {
        await git.Input.WriteAsync(Encoding.ASCII.GetBytes(name + "\n"), cancellationToken);
        await git.Input.FlushAsync(cancellationToken);

        // "name blob length", its content, and the end of a line.
        var head = await ReadLineAsync(cancellationToken);
        if (head.Split(' ') is not [_, "blob", var length] || !long.TryParse(length, CultureInfo.InvariantCulture, out var left))
            throw new CheckpointException($"A file of a snapshot cannot be read: {head}.");

        while (left > 0)
        {
            await FillAsync(cancellationToken);
            var some = (int)Math.Min(left, _end - _first);
            await to.WriteAsync(_buffer.AsMemory(_first, some), cancellationToken);
            _first += some;
            left -= some;
        }

        await FillAsync(cancellationToken);
        _first++;
    }

    public ValueTask DisposeAsync() => git.DisposeAsync();

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            await FillAsync(cancellationToken);
            if (_buffer[_first++] is var next && next == '\n')
                return line.ToString();
            line.Append((char)next);
        }
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        if (_first < _end)
            return;
        (_first, _end) = (0, await git.Output.ReadAsync(_buffer, cancellationToken));
        if (_end == 0)
            throw new CheckpointException("A file of a snapshot cannot be read: git ended in the middle of it.");
    }
}
