using System.Text;

namespace Skein.Core.Redaction;

/// <summary>
/// Content without its secrets, as it is read: in bounded memory, and the same whatever pieces it comes in. Bytes that are no secret pass
/// unchanged, also where they are no text. To be read asynchronously, by one reader.
/// </summary>
internal sealed class RedactingStream : Stream
{
    // What must be seen behind a place before it may go out: no secret that is still to be found begins before it.
    private const int Held = SecretRule.Ahead + SecretRule.Back;
    private const int Most = 256 * 1024;
    private const int First = 16 * 1024;

    private readonly Stream _content;
    private readonly Redactor _redactor;
    private readonly int _window;
    private byte[] _bytes = new byte[First];
    private char[] _text = [];
    private readonly MemoryStream _ready = new();
    private int _length;
    private int _gone;
    private bool _ended;

    /// <param name="content">Not disposed.</param>
    /// <param name="window">Bytes that are looked at together.</param>
    public RedactingStream(Redactor redactor, Stream content, int window = Most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 2 * Held);
        (_redactor, _content, _window) = (redactor, content, window);
    }

    /// <summary>What was taken out so far.</summary>
    public RedactionCounts Counts { get; } = new();

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
            return 0;

        while (_ready.Position == _ready.Length)
        {
            if (_ended)
                return 0;
            await FillAsync(cancellationToken);
        }

        return _ready.Read(buffer.Span);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("To be read asynchronously.");
    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        while (!_ended && _length < _window)
        {
            if (_length == _bytes.Length)
                Array.Resize(ref _bytes, Math.Min(2 * _length, _window));
            var read = await _content.ReadAsync(_bytes.AsMemory(_length), cancellationToken);
            _length += read;
            _ended = read == 0;
        }

        if (_text.Length < _length)
            _text = new char[_bytes.Length];
        Encoding.Latin1.GetChars(_bytes.AsSpan(0, _length), _text);
        var secrets = _redactor.Find(_text.AsSpan(0, _length), isBytes: true, _gone) ?? [];
        var until = _ended ? _length : Boundary(secrets);
        Emit(secrets, until);

        // A little of what is gone stays: it tells whether what follows begins a word.
        var from = Math.Max(0, until - TokenStarts.Back);
        _bytes.AsSpan(from, _length - from).CopyTo(_bytes);
        (_length, _gone) = (_length - from, until - from);
    }

    /// <summary>How far this window may go out: never into a secret, nor between a secret and what gives it away.</summary>
    private int Boundary(List<Secret> secrets)
    {
        var limit = _length - Held;
        var at = limit;
        for (var i = secrets.Count - 1; i >= 0; i--)
        {
            if (Math.Min(secrets[i].Anchor, secrets[i].Start) < at && secrets[i].End > at)
            {
                at = Math.Min(secrets[i].Anchor, secrets[i].Start);
                i = secrets.Count;
            }
        }

        if (at > _gone)
            return at;

        // Secret upon secret from the beginning on: goes out as far as the one that stands at the limit.
        return secrets.Where(s => s.Start < limit).Select(s => s.End).Append(limit).Max();
    }

    private void Emit(List<Secret> secrets, int until)
    {
        _ready.SetLength(0);
        var at = _gone;
        foreach (var secret in secrets.TakeWhile(s => s.Start < until).Where(s => s.End > _gone))
        {
            _ready.Write(_bytes, at, Math.Max(0, secret.Start - at));
            _ready.Write(Encoding.ASCII.GetBytes(Redactor.Mark(secret.Kind)));
            Counts.Add(secret.Kind);
            at = secret.End;
        }

        _ready.Write(_bytes, at, Math.Max(0, until - at));
        _ready.Position = 0;
    }
}
