using Skein.Cli.Composition;
using Skein.Cli.Screen;
using Skein.Core;

namespace Skein.Cli.Commands;

/// <summary>What a command that changed a session says: the id for programs, what happened for people.</summary>
internal static class Answers
{
    public static void Tell(Surroundings surroundings, Session session, string what)
    {
        if (surroundings.Out.IsTerminal)
            surroundings.Out.WriteLine((SessionName.Shorten(session.Id), Style.Accent), ($"  {session.Title}  ", Style.Plain), (what, Style.Dim));
        else
            surroundings.Out.WriteLine(session.Id.Value);
    }
}
