using System.Globalization;

namespace Skein.Cli.Screen;

/// <summary>How far long work has come: a bar that the next output takes away. Nothing where no person sees it, or where it is soon done.</summary>
internal sealed class Progress(Terminal terminal, TimeProvider time, string what) : IDisposable
{
    private const int BarWidth = 24;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly long _began = time.GetTimestamp();
    private long _shown;

    /// <param name="total">0: not known.</param>
    public void Show(long done, long total, Func<long, string>? unit = null)
    {
        var now = time.GetTimestamp();
        if (!terminal.IsTerminal || time.GetElapsedTime(_began, now) < s_patience || (_shown != 0 && time.GetElapsedTime(_shown, now) < s_pause))
            return;

        _shown = now;
        terminal.Status(Line(done, total, unit ?? (static n => n.ToString("#,##0", CultureInfo.InvariantCulture))));
    }

    public void Dispose()
    {
        if (_shown != 0)
            terminal.Status(null);
    }

    private string Line(long done, long total, Func<long, string> unit)
    {
        if (total <= 0)
            return $"{what} {unit(done)}";
        var part = Math.Clamp((double)done / total, 0, 1);
        var filled = (int)(part * BarWidth);
        return string.Create(
            CultureInfo.InvariantCulture, $"{what} ▕{new string('█', filled)}{new string(' ', BarWidth - filled)}▏ {part * 100:0} %  {unit(done)} of {unit(total)}");
    }
}
