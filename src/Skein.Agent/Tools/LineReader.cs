using System.Text;
using Skein.Core;

namespace Skein.Agent.Tools;

/// <summary>Reads lines of which at most so many characters are kept: a file can be one line of a gigabyte.</summary>
internal sealed class LineReader(StreamReader reader, int most)
{
    private readonly char[] _buffer = new char[16 * 1024];
    private readonly StringBuilder _line = new();
    private int _at;
    private int _end;

    /// <summary>How many characters of the last line were left out.</summary>
    public long LeftOut { get; private set; }

    /// <returns>The next line without its end; null after the last.</returns>
    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        _line.Clear();
        LeftOut = 0;
        var any = false;
        while (true)
        {
            if (_at == _end)
            {
                _at = 0;
                _end = await reader.ReadAsync(_buffer, cancellationToken);
                if (_end == 0)
                    return any ? Take() : null;
            }

            any = true;
            var rest = _buffer.AsSpan(_at, _end - _at);
            var newline = rest.IndexOf('\n');
            var piece = newline < 0 ? rest : rest[..newline];
            var kept = Math.Min(piece.Length, most - _line.Length);
            _line.Append(piece[..kept]);
            LeftOut += piece.Length - kept;
            _at += newline < 0 ? piece.Length : newline + 1;
            if (newline >= 0)
                return Take();
        }
    }

    private string Take()
    {
        if (LeftOut == 0 && _line.Length > 0 && _line[^1] == '\r')
            _line.Length--;
        return TextCut.Head(_line.ToString(), most);
    }
}
