using Skein.Cli.Repl.Editing;
using Skein.Core;
using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Cli.Repl;

/// <summary>
/// A question, answered with one key. Whoever was typing when it came does not answer it unseen: it takes keys only after it was shown
/// and the keyboard was quiet for a moment; until then they are typed into the line. For one thread.
/// </summary>
internal sealed class QuestionKeys(TimeProvider time)
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(400);

    private PermissionId? _shown;
    private long _since;

    /// <summary>Whether keys answer it.</summary>
    public bool IsArmed { get; private set; }

    /// <summary>Whether a reason for no is typed into the line.</summary>
    public bool AsksWhy { get; private set; }

    /// <summary>Looks at what is asked now.</summary>
    /// <returns>When it must be called again; null: it need not.</returns>
    public TimeSpan? See(PermissionAsked? asked)
    {
        if (asked?.Permission != _shown)
        {
            _shown = asked?.Permission;
            (_since, IsArmed, AsksWhy) = (time.GetTimestamp(), false, false);
        }

        if (asked is null || IsArmed)
            return null;
        var left = s_quiet - time.GetElapsedTime(_since);
        IsArmed = left <= TimeSpan.Zero;
        return IsArmed ? null : left;
    }

    /// <summary>Something was typed that was no answer.</summary>
    public void Typed() => _since = time.GetTimestamp();

    /// <returns>What the key answers; null: nothing.</returns>
    public PermissionReply? Answer(Key key, PermissionAsked asked)
    {
        if (!IsArmed || AsksWhy || key.Kind != KeyKind.Text)
            return null;

        switch (key.Text)
        {
            case "y" or "Y":
                return new PermissionReply(PermissionAnswer.Once);
            case "a" or "A" when asked.Pattern is not null:
                return new PermissionReply(PermissionAnswer.Always);
            case "n" or "N":
                AsksWhy = true;
                return null;
            default:
                return null;
        }
    }

    /// <summary>The reason was typed, perhaps none.</summary>
    public PermissionReply Refuse(string why)
    {
        AsksWhy = false;
        return new PermissionReply(PermissionAnswer.No, string.IsNullOrWhiteSpace(why) ? null : why.Trim());
    }

    /// <summary>It is not to be refused after all.</summary>
    public void BackToAnswers() => AsksWhy = false;
}
